import { fulfilled, type Outcome, rejected } from "../../batching/outcome.ts";
import type { Step } from "../../core/step.ts";
import { carrierOf, withoutCarrier } from "../../core/tracing.ts";
import { withinTrace } from "../../observe/trace-context.ts";
import { loadExport } from "../../shipping/functions/load-export.ts";
import type { ModuleRef } from "../../shipping/functions/module-ref.ts";
import type { Bytes } from "../broker.ts";
import { decodeHead, decodeInputs, unpackInput } from "../wire/chunk-body.ts";
import { type ChunkReport, encodeOutcomes, type InputOutcome } from "../wire/outcome-body.ts";
import type { ReadReferences } from "../wire/references.ts";
import { runChunk } from "./run-chunk.ts";

/** Inputs that use the loop for less than such a part of their time wait, rather than compute. */
const LEAST_SHARE = 1 / 3;

/** The time in milliseconds for which a chunk runs whose inputs cost more than was thought, before what has not begun is given back. */
const MOST_MS = 2000;

/** How a chunk is run. */
export interface BytesRun {
  readonly body: Bytes;
  /** The owner of the outputs, for error messages. */
  readonly where: string;
  /** The worker, and how often the chunk was taken before. */
  readonly by: Pick<ChunkReport, "host" | "pid" | "earlierAttempts">;
  /** Who reads inputs that the chunk only refers to. */
  readonly reader: InputReader;
}

/** Reads files for a worker: plain data, as it travels to threads. */
export interface InputReader {
  /** A {@link ReadReferences}. */
  readonly ref: ModuleRef;
  /** The folders outside of which nothing is read. */
  readonly roots: readonly string[];
}

/**
 * Runs a chunk, from bytes to bytes, on the event loop of this thread or on the lanes of the step.
 *
 * @param load Loads the step. What it throws is the outcome of all inputs, as another worker would have the same module.
 * @param isHere Whether the functions of the step run in this thread, so that its loop tells whether they compute or wait.
 */
export async function runBytes(
  load: () => Promise<Step>,
  { body, where, by, reader }: BytesRun,
  signal: AbortSignal | undefined,
  isHere: boolean,
): Promise<readonly Bytes[]> {
  const [startMs, before] = [performance.now(), performance.eventLoopUtilization()];
  const inputs = await openInputs(body, reader);
  const outcomes = await load().then(
    (step) => runInputs(step, inputs, body, signal),
    (error) => inputs.map(() => rejected(error)),
  );
  const ranMs = performance.now() - startMs;
  const waits = isHere && performance.eventLoopUtilization(before).utilization < LEAST_SHARE;
  return encodeOutcomes(outcomes, { ...by, ranMs, waits, left: inputs.length - outcomes.length }, where);
}

/** The inputs of a chunk, and the errors of those that cannot be read. */
async function openInputs(body: Bytes, reader: InputReader): Promise<readonly Outcome<unknown>[]> {
  const packed = decodeInputs(body);
  const { references } = decodeHead(body);
  const opened = packed.map((input) => {
    try {
      return fulfilled(unpackInput(input));
    } catch (error) {
      return rejected(error);
    }
  });
  if (references === undefined) return opened;
  const read = (await loadExport(reader.ref)) as unknown as ReadReferences;
  return await read(
    references,
    opened.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : undefined)),
    reader.roots,
  );
}

async function runInputs(
  step: Step,
  opened: readonly Outcome<unknown>[],
  body: Bytes,
  signal: AbortSignal | undefined,
): Promise<readonly InputOutcome[]> {
  const { config, timeoutMs, mayReturn = false } = decodeHead(body);
  const carrier = carrierOf(config);
  const options = { ...withoutCarrier(config as object | undefined), timeout: timeoutMs, signal };
  const inputs = opened.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const run = (): Promise<InputOutcome[]> => runChunk(step, inputs, options, mayReturn ? MOST_MS : undefined);
  const ran = await (carrier === undefined ? run() : withinTrace(carrier, run));
  if (inputs.length === opened.length) return ran;
  const next = ran.values();
  const all = opened.map((outcome) => (outcome.status === "rejected" ? outcome : next.next().value));
  const end = all.indexOf(undefined);
  return (end === -1 ? all : all.slice(0, end)) as InputOutcome[];
}
