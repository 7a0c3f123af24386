/** What all servers of the benchmark do, and the one way in which they say it. */
export const sync = [({ n }) => n + 1, (n) => n * 2, (n) => ({ result: n })];
export const async = [async ({ n }) => n + 1, async (n) => n * 2, async (n) => ({ result: n })];

export const runSync = (input) => sync.reduce((value, step) => step(value), input);

export async function runAsync(input) {
  let value = input;
  for (const step of async) value = await step(value);
  return value;
}

export const answer = (output) => ({ output, metadata: { run_id: crypto.randomUUID(), feedback_tokens: [] } });

/** Chunks as a model makes them: ten of them at a time. */
export async function* tokens(count) {
  for (let index = 0; index < count; index++) {
    if (index % 10 === 0) await null;
    yield { content: `token ${index}` };
  }
}
