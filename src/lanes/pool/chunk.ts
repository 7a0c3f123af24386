import { bytesOf } from "../../shipping/data/find-instance.ts";
import { knownBytes, packConfig, packInput, unpackError, unpackOutput } from "../protocol/codec.ts";
import type { ReportMessage, RunMessage } from "../protocol/messages.ts";
import type { StageRecord } from "../stage/stage-record.ts";
import type { WorkerHandle } from "../worker-handle/worker-handle.ts";
import type { Call } from "./call.ts";

/** The number of suspicions from which on a call has a worker to itself until it settles. */
const KEEPS_WORKER = 2;

/** The calls of one stage that a worker was sent in one message. */
export class Chunk {
  /** The number of inputs that have started, as far as messages tell. */
  started = 0;
  /** Whether the functions of all inputs have returned, so that the worker has time for more. */
  returned = false;
  /** When the worker last reported on this chunk, in milliseconds since the epoch; 0 before. Kept for watched chunks only. */
  newsAt = 0;
  /** The number of the slot in shared memory where the worker claims the inputs. */
  claimSlot = 0;
  /** Whether one of the calls may have to be stopped: it has a signal or a timeout. */
  readonly isWatched: boolean;
  /** The number of inputs whose outcome is still to come. */
  pending: number;
  private readonly reported: Uint8Array;

  constructor(
    readonly id: number,
    readonly record: StageRecord,
    readonly calls: readonly Call[],
    /** Whether the calls are suspected of having ended a worker, so that they run on their own. */
    readonly isSuspect: boolean,
    readonly worker: WorkerHandle,
  ) {
    this.pending = calls.length;
    this.reported = new Uint8Array(calls.length);
    let isWatched = false;
    for (let index = 0; index < calls.length; index++) {
      const call = calls[index]!;
      call.chunk = this;
      call.index = index;
      isWatched ||= call.options.signal !== undefined || call.options.timeoutMs !== undefined;
    }
    this.isWatched = isWatched;
  }

  get isDone(): boolean {
    return this.pending === 0;
  }

  /** Whether this chunk has the worker to itself: suspects until their functions have returned, old suspects until they settle. */
  get keepsWorker(): boolean {
    return this.isSuspect && (!this.returned || this.calls.some(({ suspicions }) => suspicions >= KEEPS_WORKER));
  }

  /** The calls whose outcome is still to come, in order. */
  remaining(): Call[] {
    return this.calls.filter((call, index) => this.reported[index] === 0 && !call.settled);
  }

  /** Whether inputs that the worker has not started may be given to another one. */
  get mayBeStolen(): boolean {
    return (
      !this.returned &&
      !this.isSuspect &&
      !this.calls.some(({ moved, options }) => moved || options.timeoutMs !== undefined)
    );
  }

  /** Takes out the calls from an index on. */
  cutFrom(index: number): Call[] {
    const { calls, reported } = this;
    const taken: Call[] = [];
    for (let at = index; at < calls.length; at++) {
      if (reported[at] === 1) continue;
      reported[at] = 1;
      this.pending--;
      const call = calls[at]!;
      if (call.settled) continue;
      call.release();
      taken.push(call);
    }
    return taken;
  }

  private fulfil(call: Call, value: unknown): void {
    let output: unknown;
    try {
      output = unpackOutput(value);
    } catch (error) {
      call.reject(error);
      return;
    }
    this.record.meter.carried(call.options.observer === undefined ? knownBytes(output) : bytesOf(output));
    call.fulfil(output);
  }

  /** Settles calls. Returns how many of them failed. */
  take({ from, indices, values, failed, started, returned, steps, blamed }: ReportMessage): number {
    const { calls, reported } = this;
    const { observer } = calls[0]!.options;
    if (steps !== undefined) observer?.measured(steps);
    if (started > this.started) this.started = started;
    this.returned ||= returned;
    let failures = 0;
    for (let at = 0; at < values.length; at++) {
      const index = indices === undefined ? from + at : indices[at]!;
      if (reported[index] === 1) continue;
      reported[index] = 1;
      this.pending--;
      const call = calls[index]!;
      if (failed !== undefined && failed[failures] === at) {
        const error = unpackError(values[at]);
        const step = blamed?.[failures];
        if (step !== undefined) observer?.blames(error, step);
        failures++;
        call.reject(error);
      } else if (isPlain(values[at])) {
        call.fulfil(values[at]);
      } else {
        this.fulfil(call, values[at]);
      }
    }
    return failures;
  }
}

/** Whether a value travels as it is and has no bytes worth counting. */
function isPlain(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean";
}

/**
 * The message that brings a chunk to a worker.
 *
 * @param transfer The list to which buffers that move are added.
 * @throws RUNLANE_NOT_SERIALIZABLE
 */
export function runMessage({ id, record, calls, claimSlot }: Chunk, shared: boolean, transfer: unknown[]): RunMessage {
  const { where } = record;
  const { config, signal, observer } = calls[0]!.options;
  const measured = observer !== undefined;
  const inputs: unknown[] = new Array(calls.length);
  let sameConfig = true;
  let watched: number[] | undefined;
  let timed = false;
  let together = true;
  for (let index = 0; index < calls.length; index++) {
    const call = calls[index]!;
    const { options } = call;
    const before = transfer.length;
    const { input } = call;
    if (isPlain(input)) {
      inputs[index] = input;
    } else {
      record.meter.carried(measured ? bytesOf(input) : knownBytes(input));
      inputs[index] = packInput(input, where, record.packing(shared), transfer);
      if (transfer.length > before) call.moved = true;
    }
    if (options.config !== config) sameConfig = false;
    if (options.signal !== signal || options.timeoutMs !== undefined) together = false;
    if (options.signal !== undefined || options.timeoutMs !== undefined) {
      watched ??= [];
      watched.push(index);
      if (options.timeoutMs !== undefined) timed = true;
    }
  }
  // The usual message, without the fields that it does not need: each costs 0.2 µs.
  if (sameConfig && config === undefined && watched === undefined && !measured)
    return { type: "run", chunk: id, stage: record.id, inputs, claimSlot, timed };
  const configs = sameConfig
    ? { config: packConfig(config, where, shared) }
    : { configs: calls.map((call) => packConfig(call.options.config, where, shared)) };
  const stops = watched === undefined ? {} : together && sameConfig ? { together } : { watched };
  return {
    type: "run",
    chunk: id,
    stage: record.id,
    inputs,
    claimSlot,
    ...configs,
    ...stops,
    timed,
    ...(measured && { measured }),
  };
}
