/** A client of the little server that this example starts: one that takes its time, and that refuses to be asked too often. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";

// In a thread of its own, as a server is elsewhere: it answers while this thread is busy.
const thread = new Worker(new URL("./server-thread.mjs", import.meta.url), { execArgv: [] });
const [address] = (await once(thread, "message")) as [string];
thread.unref();

/** What the server says. An error has the `status` of the answer. */
export async function ask(path: string): Promise<string> {
  const response = await fetch(`${address}/${path}`);
  const text = await response.text();
  if (!response.ok) throw Object.assign(new Error(text), { status: response.status });
  return text;
}
