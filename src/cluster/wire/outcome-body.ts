import { type Outcome, rejected } from "../../batching/outcome.ts";
import { pack, packError, unpack, unpackError } from "../../shipping/data/pack.ts";
import type { Bytes } from "../broker.ts";
import { fromBytes, toBytes } from "./bytes.ts";
import { APART } from "./chunk-body.ts";
import { MOST_BYTES, tooLarge } from "./too-large.ts";

/** The size of a part of an outcome, in bytes, so that nobody has to hold all of a large one at once. */
const PART_BYTES = 1024 * 1024;

/** A report on the run of a chunk: its worker, and its time. */
export interface ChunkReport {
  readonly host: string;
  readonly pid: number;
  /** The time from the start to the end of the last input, in milliseconds. */
  readonly ranMs: number;
  /** Whether the inputs waited for something most of the time, rather than to compute. */
  readonly waits: boolean;
  /** The number of times that the chunk was taken before. */
  readonly earlierAttempts: number;
  /** The number of inputs at the end of the chunk that were given back, because those before them took long. @default 0 */
  readonly left?: number | undefined;
}

/** The outcome of one input. */
export type InputOutcome = Outcome<unknown> & {
  /** The name of the step that the input has failed in. */
  readonly step?: string | undefined;
};

/** The outcomes of some inputs of a chunk. */
export interface OutcomeMessage {
  /** The position of the first input in the chunk. */
  readonly from: number;
  readonly outcomes: readonly InputOutcome[];
  /** True when the workers of the chunk died, so that nobody knows the outcomes of its inputs. */
  readonly crashed?: boolean | undefined;
  readonly report: ChunkReport;
}

/** Outcomes as they travel: values and packed errors in one list, with the places of the errors. */
interface Packed {
  readonly from: number;
  readonly values: readonly unknown[];
  readonly failed: readonly number[];
  readonly steps: readonly (string | undefined)[];
  readonly crashed?: boolean | undefined;
  readonly report: ChunkReport;
}

/** The outcomes of a chunk, in parts of about a megabyte. An output that cannot travel becomes an error. */
export function encodeOutcomes(outcomes: readonly InputOutcome[], report: ChunkReport, where: string): Bytes[] {
  const parts: Bytes[] = [];
  for (let from = 0, count = outcomes.length; from < outcomes.length; from += count) {
    count = Math.min(count, outcomes.length - from);
    let body = encodePart(outcomes, from, count, report, where);
    while (body.byteLength > PART_BYTES && count > 1) {
      // The next part is likely to be as large as this one.
      count = Math.max(1, Math.min(count - 1, Math.floor((count * PART_BYTES) / body.byteLength)));
      body = encodePart(outcomes, from, count, report, where);
    }
    if (body.byteLength > MOST_BYTES) {
      const failed = rejected(tooLarge(`The output of ${where}`, body.byteLength));
      body = encodePart([failed], 0, 1, report, where, from);
    }
    parts.push(body);
  }
  return parts;
}

/** Says that the workers of a chunk died. */
export function encodeCrash(report: ChunkReport): Bytes {
  return toBytes({ from: 0, values: [], failed: [], steps: [], crashed: true, report } satisfies Packed);
}

export function decodeOutcomes(body: Bytes): OutcomeMessage {
  const { from, values, failed, steps, crashed, report } = fromBytes(body) as Packed;
  const failures = new Map(failed.map((at, index) => [at, steps[index]]));
  const outcomes = values.map((value, at): InputOutcome => {
    if (failures.has(at)) return { status: "rejected", reason: unpackError(value), step: failures.get(at) };
    try {
      return { status: "fulfilled", value: unpack(value) };
    } catch (error) {
      return { status: "rejected", reason: error };
    }
  });
  return { from, outcomes, crashed, report };
}

function encodePart(
  outcomes: readonly InputOutcome[],
  from: number,
  count: number,
  report: ChunkReport,
  where: string,
  place = from,
): Bytes {
  const failed: number[] = [];
  const steps: (string | undefined)[] = [];
  const packFailure = (at: number, reason: unknown, step: string | undefined): unknown => {
    failed.push(at);
    steps.push(step);
    return packError(reason, APART);
  };
  const values = outcomes.slice(from, from + count).map((outcome, at) => {
    if (outcome.status === "rejected") return packFailure(at, outcome.reason, outcome.step);
    try {
      return pack(outcome.value, where, { ...APART, root: "output" }).value;
    } catch (error) {
      return packFailure(at, error, undefined);
    }
  });
  return toBytes({ from: place, values, failed, steps, report } satisfies Packed);
}
