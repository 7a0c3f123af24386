import { AssertionError, deepStrictEqual, fail } from "node:assert/strict";

/** Gives up on a promise that does not settle in time. */
export async function within<T>(patienceMs: number, what: string, promise: PromiseLike<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const message = `${what} did not come to its end within ${patienceMs} ms`;
    timer = setTimeout(() => reject(new AssertionError({ message })), patienceMs);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until a condition holds. Looks once in each turn of the event loop. */
export async function until(patienceMs: number, what: string, isSo: () => unknown): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) fail(`${what}: not so after ${patienceMs} ms`);
    await turn();
  }
}

/** Lets the event loop turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

/** The error that a promise is rejected with. Fails when it is fulfilled. */
export async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  let output: unknown;
  try {
    output = await promise;
  } catch (error) {
    return error;
  }
  return fail(`should be rejected, and gave ${String(output)}`);
}

/** Checks some properties of the error that a promise is rejected with. */
export async function rejects(promise: PromiseLike<unknown>, properties: Record<string, unknown>): Promise<void> {
  has(await rejection(promise), properties);
}

/** Checks some properties of a value. */
export function has(value: unknown, properties: Record<string, unknown>): void {
  const found = Object.fromEntries(
    Object.keys(properties).map((key) => [key, (value as Record<string, unknown> | null | undefined)?.[key]]),
  );
  deepStrictEqual(found, properties);
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** All chunks of a stream. */
export async function collect(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const chunks: unknown[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

/** A key for the notes of one case, which no other case or run has. */
export function freshKey(): string {
  return `runlane.testing.${crypto.randomUUID()}`;
}
