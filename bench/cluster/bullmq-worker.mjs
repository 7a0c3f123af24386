// What one would write by hand: a worker of BullMQ whose jobs are numbers, or arrays of them. Arguments: URL, queue.
import { Worker } from "bullmq";
import { Redis } from "ioredis";

const [url, queue] = process.argv.slice(2);
const connection = new Redis(url, { maxRetriesPerRequest: null });
const addOne = (n) => n + 1;
const worker = new Worker(queue, async ({ data }) => (Array.isArray(data) ? data.map(addOne) : addOne(data)), {
  connection,
  concurrency: 20,
});
await worker.waitUntilReady();
console.log("ready");
