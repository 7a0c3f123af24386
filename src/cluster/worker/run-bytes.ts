import { rejected } from "../../batching/outcome.ts";
import type { Step } from "../../core/step.ts";
import { carrierOf, withoutCarrier } from "../../core/tracing.ts";
import { withinTrace } from "../../observe/trace-context.ts";
import type { Bytes } from "../broker.ts";
import { decodeHead, decodeInputs, unpackInput } from "../wire/chunk-body.ts";
import { type ChunkReport, encodeOutcomes, type InputOutcome } from "../wire/outcome-body.ts";
import { runChunk } from "./run-chunk.ts";

/** Inputs that use the loop for less than such a part of their time wait, rather than compute. */
const LEAST_SHARE = 1 / 3;

/** How a chunk is run. */
export interface BytesRun {
  readonly body: Bytes;
  /** The owner of the outputs, for error messages. */
  readonly where: string;
  /** The worker, and how often the chunk was taken before. */
  readonly by: Pick<ChunkReport, "host" | "pid" | "earlierAttempts">;
}

/**
 * Runs a chunk, from bytes to bytes, on the event loop of this thread or on the lanes of the step.
 *
 * @param load Loads the step. What it throws is the outcome of all inputs, as another worker would have the same module.
 * @param isHere Whether the functions of the step run in this thread, so that its loop tells whether they compute or wait.
 */
export async function runBytes(
  load: () => Promise<Step>,
  { body, where, by }: BytesRun,
  signal: AbortSignal | undefined,
  isHere: boolean,
): Promise<readonly Bytes[]> {
  const packed = decodeInputs(body);
  const [startMs, before] = [performance.now(), performance.eventLoopUtilization()];
  const outcomes = await load().then(
    (step) => runInputs(step, packed, body, signal),
    (error) => packed.map(() => rejected(error)),
  );
  const ranMs = performance.now() - startMs;
  const waits = isHere && performance.eventLoopUtilization(before).utilization < LEAST_SHARE;
  return encodeOutcomes(outcomes, { ...by, ranMs, waits }, where);
}

async function runInputs(
  step: Step,
  packed: readonly unknown[],
  body: Bytes,
  signal: AbortSignal | undefined,
): Promise<readonly InputOutcome[]> {
  const { config, timeoutMs } = decodeHead(body);
  const carrier = carrierOf(config);
  const options = { ...withoutCarrier(config as object | undefined), timeout: timeoutMs, signal };
  const run = (inputs: readonly unknown[]): Promise<InputOutcome[]> =>
    carrier === undefined
      ? runChunk(step, inputs, options)
      : withinTrace(carrier, () => runChunk(step, inputs, options));
  const unreadable = new Map<number, unknown>();
  const inputs = packed.map((input, at) => {
    try {
      return unpackInput(input);
    } catch (error) {
      return void unreadable.set(at, error);
    }
  });
  if (unreadable.size === 0) return await run(inputs);
  const ran = (await run(inputs.filter((_, at) => !unreadable.has(at)))).values();
  return inputs.map((_, at) => (unreadable.has(at) ? rejected(unreadable.get(at)) : ran.next().value!));
}
