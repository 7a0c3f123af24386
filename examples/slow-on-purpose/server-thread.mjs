// @ts-check
/** A server whose answers take 30 ms, of whose titles it gives no more than so many a second: others get status 429. */
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort } from "node:worker_threads";

const WAIT_MS = 30;
const TITLES_PER_SECOND = 200;
/** So many may be asked for at once, when nobody has asked for a while. */
const BURST = 8;

let tokens = BURST;
let filled = performance.now();

/** Whether one more may be asked for now. */
function take() {
  const now = performance.now();
  tokens = Math.min(BURST, tokens + ((now - filled) / 1000) * TITLES_PER_SECOND);
  filled = now;
  if (tokens < 1) return false;
  tokens--;
  return true;
}

const server = createServer(async ({ url = "/" }, response) => {
  const [, kind, name] = url.split("/");
  if (kind === "titles" && !take()) {
    response.writeHead(429, { "retry-after": "1" }).end("too many titles");
    return;
  }
  await sleep(WAIT_MS);
  response.end(`the ${kind} of ${name}`);
});
// Clients that are held for long would ask by connections that have just been closed.
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) parentPort?.postMessage(`http://127.0.0.1:${address.port}`);
});
