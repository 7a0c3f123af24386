import type { RunnableConfig } from "../core/config.ts";

/**
 * The functions that the cases run. Each travels by its source, so it uses nothing from around it. Their notes are kept in a map of the
 * worker, under a key of the case, and read by another call: therefore those cases ask for one worker.
 */

export const echo = (input: unknown) => input;

export const double = (input: number) => input * 2;

export const doubleLater = async (input: number) => {
  await new Promise((resolve) => setTimeout(resolve, 0));
  return input * 2;
};

export const failOdd = (input: number) => {
  if (input % 2 === 1) throw new RangeError(`odd ${input}`);
  return input;
};

/** Waits for another call: each of the two ends when both have begun. */
export const meet = async (key: string) => {
  const all = globalThis as unknown as Record<string, (() => void) | undefined>;
  const other = all[key];
  if (other === undefined) await new Promise<void>((resolve) => (all[key] = resolve));
  else other();
  return "met";
};

/** Keeps its thread busy for so many milliseconds. */
export const spin = (ms: number) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return ms;
};

export const forever = (isSo: boolean) => {
  while (isSo);
  return "over";
};

export const never = () => new Promise<never>(() => {});

/** The notes that calls with one key have left in the worker. */
export interface Notes {
  started?: number;
  aborted?: number;
  reason?: string;
  produced?: number;
  closed?: number;
}

export const notesOf = (key: string): Notes => (globalThis as unknown as Record<string, Notes>)[key] ?? {};

/** Notes that it has begun, and that its signal aborts; then it rejects. */
export const untilAborted = (key: string, { signal }: RunnableConfig) => {
  const all = globalThis as unknown as Record<string, Notes>;
  all[key] ??= {};
  const notes = all[key];
  notes.started = (notes.started ?? 0) + 1;
  return new Promise<never>((_, reject) => {
    const note = () => {
      notes.aborted = (notes.aborted ?? 0) + 1;
      notes.reason = String(signal?.reason?.message ?? signal?.reason);
      reject(new Error("the function saw its signal"));
    };
    if (signal?.aborted) note();
    else signal?.addEventListener("abort", note);
  });
};

export function* count(to: number) {
  for (let value = 0; value < to; value++) yield value;
}

export async function* countLater(to: number) {
  for (let value = 0; value < to; value++) {
    if (value % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    yield value;
  }
}

/** Goes on without end, and notes how far it is and that it was closed. */
export async function* produce(key: string) {
  const all = globalThis as unknown as Record<string, Notes>;
  all[key] = { produced: 0, closed: 0 };
  const notes = all[key] as Required<Notes>;
  try {
    while (true) yield notes.produced++;
  } finally {
    notes.closed++;
  }
}

export async function* failAfter(to: number) {
  for (let value = 0; value < to; value++) yield value;
  throw Object.assign(new RangeError("no more"), { code: "E_NO_MORE" });
}

/** Yields one chunk, and then nothing for ever. */
export async function* oneAndNever() {
  yield 1;
  await new Promise(() => {});
}

export const configOf = (_: unknown, { configurable, tags, metadata }: RunnableConfig) => ({
  configurable,
  tags,
  metadata,
});

/** Changes its input, as functions should not. */
export const grow = (list: number[]) => list.push(0);
