import { randomUUID } from "node:crypto";
import type { Broker, Bytes, OutcomePart, RunRef, SubmittedChunk, Work } from "../../cluster/broker.ts";
import { range } from "../expectations.ts";

/** A run that no other case knows. */
export function freshRun(): RunRef {
  const id = randomUUID().slice(0, 13);
  return { id: `case-${id}`, queue: `cases-${id}` };
}

export const bytes = (text: string): Bytes => new TextEncoder().encode(text);
export const text = (body: Bytes): string => new TextDecoder().decode(body);

/** Chunks that are called after their numbers. */
export function chunks(count: number, from = 0): SubmittedChunk[] {
  return range(count).map((at) => ({ id: String(from + at), body: bytes(`in ${from + at}`) }));
}

/** Says what it was given. */
export const echo: Work = async ({ body }) => [bytes(`out of ${text(body)}`)];

/** Reads outcomes until so many chunks have one, each part once. */
export async function collect(broker: Broker, run: RunRef, count: number): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const stop = new AbortController();
  for await (const parts of broker.outcomes(run, { signal: stop.signal })) {
    for (const part of parts) add(found, part);
    if ([...found.values()].filter((all) => all.every((part) => part !== undefined)).length >= count) break;
  }
  stop.abort();
  return found;
}

function add(found: Map<string, string[]>, { id, part, parts, body }: OutcomePart): void {
  const all = found.get(id) ?? new Array<string>(parts).fill(undefined as never);
  all[part] = text(body);
  found.set(id, all);
}

/** A promise and what settles it. */
export function deferred<T = void>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
