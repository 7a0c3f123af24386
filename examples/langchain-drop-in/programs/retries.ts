/** Steps that fail now and then are tried again; only what failed is repeated. */
import { RunnableLambda, RunnableSequence } from "@langchain/core/runnables";

/** Fails as often as the table says, for each input. */
function flaky(failures: Record<string, number>) {
  const left = { ...failures };
  const calls: string[] = [];
  const step = RunnableLambda.from((name: string): string => {
    calls.push(name);
    const remaining = left[name] ?? 0;
    left[name] = remaining - 1;
    if (remaining > 0) throw new Error(`${name} is busy`);
    return `${name} is done`;
  });
  return { step, calls };
}

const once = flaky({ north: 1 });
const chain = RunnableSequence.from([
  (name: string) => name.trim(),
  once.step.withRetry({ stopAfterAttempt: 2 }),
  (text: string) => `${text}.`,
]);
console.log(await chain.invoke(" north "), once.calls);

const many = flaky({ east: 1 });
console.log(await many.step.withRetry({ stopAfterAttempt: 3 }).batch(["east", "south", "west"]), many.calls.length);

const seen: string[] = [];
const stubborn = flaky({ attic: 9 });
const guarded = stubborn.step.withRetry({
  stopAfterAttempt: 5,
  onFailedAttempt: (error: Error, input: string) => {
    seen.push(`${input}: ${error.message}`);
    throw error; // No further attempt.
  },
});
console.log(await guarded.invoke("attic").catch((error: Error) => error.message), seen, stubborn.calls.length);

const last = flaky({ cellar: 9 });
console.log(
  await last.step
    .withRetry({ stopAfterAttempt: 1 })
    .invoke("cellar")
    .catch((error: Error) => `gave up: ${error.message}`),
  last.calls.length,
);

const rescued = flaky({ roof: 9 });
const withSpare = rescued.step
  .withRetry({ stopAfterAttempt: 1 })
  .withFallbacks([RunnableLambda.from((name: string) => `${name} is left for tomorrow`)]);
console.log(await withSpare.invoke("roof"));
