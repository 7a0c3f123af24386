import type { ChunkReport, InputOutcome } from "../wire/outcome-body.ts";
import type { ChunkRange } from "./chunk-id.ts";

/** The outcomes of some inputs: of a chunk, or of a part of one. */
export interface Received extends ChunkRange {
  /** The chunk that they were in. */
  readonly id: string;
  readonly outcomes: readonly InputOutcome[];
  readonly report: ChunkReport;
}

/** A chunk that has no outcome yet. */
export interface Outstanding extends ChunkRange {
  readonly id: string;
  readonly body: Uint8Array;
  /** The inputs that have an outcome, when others have none. */
  known?: Set<number>;
  readonly sentAt: number;
  /** When it is submitted again. */
  remindAt: number;
  remindMs: number;
}

/**
 * Notes which inputs of a chunk have an outcome now. Two attempts may have cut theirs into different parts.
 *
 * @param left The number of inputs at the end that will have none.
 * @returns Whether all others have one.
 */
export function isComplete(chunk: Outstanding, from: number, count: number, left = 0): boolean {
  if (count === chunk.count) return true;
  chunk.known ??= new Set();
  for (let at = from; at < from + count; at++) chunk.known.add(at);
  for (let at = 0; at < chunk.count - left; at++) if (!chunk.known.has(at)) return false;
  return true;
}
