/** The chains that Runlane serves in the benchmark. */
import { RunnableLambda, RunnableSequence } from "runlane";
import { async, sync, tokens } from "./work.mjs";

export const SLOTS = 40;
export const SERVICE_MS = 20;
export const QUEUE_MS = 50;

export function chainsFor(waits) {
  const first = RunnableLambda.from(async function* () {
    await new Promise((resolve) => setTimeout(resolve, 5));
    yield String(process.hrtime.bigint());
  });
  const slow = RunnableLambda.from((input) => new Promise((resolve) => setTimeout(resolve, SERVICE_MS, input)));
  const idle = RunnableLambda.from(async function* (client, { signal }) {
    yield "here";
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    waits.stopped(client);
  });
  const chains = {
    sync: RunnableSequence.from(sync),
    async: RunnableSequence.from(async),
    tokens: RunnableLambda.from(tokens),
    first,
    idle,
  };
  return process.env.OVERLOAD === "1"
    ? { chains: { slow }, options: { maxConcurrency: SLOTS, maxQueueMs: QUEUE_MS } }
    : // The others shed no load, however late their event loop is.
      { chains, options: { maxQueueMs: 60_000 } };
}
