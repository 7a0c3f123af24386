import { runlaneError } from "../../core/errors/errors.ts";
import type { WorkerEnd } from "../protocol/transport.ts";
import type { StageRecord } from "../stage/stage-record.ts";
import type { WorkerHandle } from "../worker-handle/worker-handle.ts";
import type { Call } from "./call.ts";
import type { Chunk } from "./chunk.ts";
import { crashed, describeEnd, judge, laneClosed, MAX_LOST, oneLine, startFailed } from "./faults.ts";
import type { LostWorkers } from "./lost-workers.ts";
import type { PoolQueue } from "./queue.ts";
import type { WarmUps } from "./warm-ups.ts";
import type { Workers } from "./workers.ts";

/** The codes of errors from outside, after which a worker that failed to start may start the next time. */
const TRANSIENT = new Set(["ERR_WORKER_INIT_FAILED", "EAGAIN", "ENOMEM", "EMFILE", "ENFILE"]);

export interface RecoveryParts {
  readonly lane: string;
  readonly workers: Workers;
  readonly queue: PoolQueue;
  readonly warmUps: WarmUps;
  readonly lostWorkers: LostWorkers;
  /** Called when workers may start again after a failed start. */
  readonly onBackedOff: () => void;
}

/**
 * Decides what becomes of calls and streams when a worker ends, or a stage or a worker cannot be started.
 *
 * When a worker ends by itself:
 *
 * 1. The input whose function was being called is guilty. It fails, and the others of the worker run again like any other.
 * 2. When no function was being called, all inputs that had started are suspects; those that had not are innocent. Suspects are divided
 *    in two groups, and each group is run again, in a worker to itself until its functions have returned.
 * 3. A group whose worker ends is divided further. What is left in the end is one call in a worker that has run nothing else: if that
 *    one ends, the call is guilty. So n suspects cost about 2 log n workers, and the innocent ones among them a second run each.
 * 4. A group whose functions have returned only waits, perhaps for long: its worker takes other inputs again. A call that is suspected
 *    for the second time keeps its worker to itself until it settles, since it may be others that end it; for that the pool may have
 *    more workers than its limit.
 * 5. A call that loses several workers before its turn comes becomes a suspect as well: then it gets a worker that has run nothing yet.
 *
 * A worker that the pool ended (a timeout, an abort, silence) has no guilty input other than the one it was ended for, which has its
 * outcome already: the others run again. Streams begin again only if nothing of them has been received.
 *
 * A worker that ends while it imports the modules of a stage fails that stage, unless it had run other inputs before: then their
 * leftovers may have ended it, and the stage gets another worker. A worker that does not even start fails everything that waits, unless
 * others work, or it was ended from outside: then another one starts after a while, a few times.
 */
export class Recovery {
  constructor(private readonly parts: RecoveryParts) {}

  /** Decides about the calls and streams of a worker that was ready and has ended. */
  workerLost(worker: WorkerHandle, end: WorkerEnd): void {
    const { killedFor } = worker;
    if (killedFor === undefined) this.blameLoads(worker, end);
    const isBlamed = killedFor === undefined ? this.blame(worker, end) : this.retryAll(worker, end);
    for (const stream of worker.inFlight.streams.values()) {
      if (killedFor !== undefined && stream.canRestart) {
        stream.detach();
        this.parts.queue.pushStream(stream);
      } else {
        stream.lost(crashed(stream.record.label, end));
      }
    }
    if (!isBlamed && !worker.wasAskedToEnd) this.parts.lostWorkers.add(worker, lossOf(worker, end));
  }

  /** Decides whether to try again after a worker that ended before it was ready. */
  neverReady(worker: WorkerHandle, end: WorkerEnd): void {
    const { killedFor } = worker;
    const { workers, onBackedOff } = this.parts;
    const code = (end.error as { code?: string } | undefined)?.code ?? "";
    if (killedFor === undefined && (end.signal !== null || TRANSIENT.has(code)) && workers.backOff(onBackedOff)) return;
    this.startFailed(killedFor === undefined ? describeEnd(end) : oneLine(killedFor), end.error ?? killedFor);
  }

  /** Fails all that waits, unless other workers work or are still starting. */
  startFailed(reason: string, cause: unknown): void {
    const { workers, lane } = this.parts;
    for (const { wasReady, state } of workers.all) {
      if (!wasReady && state !== "starting") continue;
      workers.onStartFailed();
      return;
    }
    const errorOf = (label: string) => startFailed(label, lane, reason, cause);
    this.parts.queue.fail(errorOf);
    this.parts.warmUps.fail(undefined, errorOf("warm"));
  }

  /** Fails all that waits for a stage that cannot be loaded. */
  stageFailed(worker: WorkerHandle, record: StageRecord, error: unknown): void {
    for (const stream of worker.inFlight.streams.values()) {
      if (stream.record !== record) continue;
      worker.inFlight.streams.delete(stream.id);
      stream.lost(error);
    }
    this.parts.queue.refuse(() => error, record);
    this.parts.warmUps.fail(record, error);
  }

  /** Fails all that waits, because the lane was closed by force. */
  closed(): void {
    const errorOf = (label: string) => laneClosed(label, this.parts.lane);
    this.parts.queue.refuse(errorOf);
    this.parts.warmUps.fail(undefined, errorOf("warm"));
  }

  /** Fails all that a worker still had, when it has ended after the lane was closed by force. */
  abandon(worker: WorkerHandle): void {
    const { lane } = this.parts;
    for (const chunk of worker.inFlight.chunks.values())
      for (const call of chunk.remaining()) call.reject(laneClosed(call.record.label, lane));
    for (const stream of worker.inFlight.streams.values()) stream.lost(laneClosed(stream.record.label, lane));
  }

  /** Blames the loader of a resource, if the worker ended while it loaded one and ran no function of another stage. */
  private blameLoads(worker: WorkerHandle, end: WorkerEnd): void {
    const records = worker.loads.waitingForResources;
    const progress = worker.lastProgress();
    const running = progress?.running === true ? worker.inFlight.chunks.get(progress.chunk)?.record : undefined;
    if (records.length === 0 || (running !== undefined && !records.includes(running))) return;
    for (const record of records) {
      const name = JSON.stringify(worker.loads.resources.loadingOf(record));
      const details = { name, reason: `its loader ended the worker: ${describeEnd(end)}` };
      worker.refuse(record, runlaneError("RUNLANE_RESOURCE_LOAD", details, { cause: end.error }));
    }
  }

  /** Divides the calls of a worker that has ended by itself. Returns whether some caller has been told why it ended. */
  private blame(worker: WorkerHandle, end: WorkerEnd): boolean {
    const loading: Chunk[] = [];
    const others: Chunk[] = [];
    for (const chunk of worker.inFlight.chunks.values())
      (worker.stages.loading.has(chunk.record) ? loading : others).push(chunk);
    const unstarted = loading.flatMap((chunk) => chunk.remaining());
    if (loading.length > 0 && others.length === 0 && worker.inFlight.streams.size === 0) {
      // It has run nothing else: a module ended it while it was imported.
      if (worker.served === loading.reduce((sum, { calls }) => sum + calls.length, 0)) {
        for (const call of unstarted) call.reject(this.loadError(call.record, end));
        for (const { record } of loading) this.stageFailed(worker, record, this.loadError(record, end));
        return true;
      }
    }
    const { guilty, suspects, innocent } = judge(others, worker.lastProgress(), worker.served);
    guilty?.reject(crashed(guilty.record.label, end));
    const isLost = (call: Call): boolean => ++call.lost > MAX_LOST;
    this.retry([...suspects, ...unstarted.filter(isLost)], true, end);
    this.retry([...innocent, ...unstarted.filter(({ lost }) => lost <= MAX_LOST)], false, end);
    return guilty !== undefined;
  }

  /** Runs the calls of a worker again that the pool has ended, for one of its inputs or its silence. Returns whether some caller was told. */
  private retryAll(worker: WorkerHandle, end: WorkerEnd): boolean {
    for (const chunk of worker.inFlight.chunks.values()) {
      const calls = chunk.remaining();
      // An input that makes each worker silent would otherwise never end.
      const given = worker.isSilent ? calls.filter((call) => ++call.lost > MAX_LOST) : [];
      for (const call of given) call.reject(crashed(call.record.label, { ...end, error: worker.killedFor }));
      this.retry(
        calls.filter((call) => !given.includes(call)),
        chunk.isSuspect,
        end,
      );
    }
    return !worker.isSilent;
  }

  private loadError({ label }: StageRecord, end: WorkerEnd): unknown {
    return startFailed(label, this.parts.lane, describeEnd(end), end.error);
  }

  /** Runs calls again, but for those whose buffers were moved to the worker: they fail. */
  private retry(calls: Call[], areSuspects: boolean, end: WorkerEnd): void {
    const again: Call[] = [];
    for (const call of calls) {
      call.release();
      if (call.moved) call.reject(crashed(call.record.label, end));
      else again.push(call);
    }
    if (again.length === 0) return;
    if (areSuspects) this.parts.queue.pushSuspects(again);
    else this.parts.queue.putBack(again);
  }
}

/** The text of a warning about a lost worker: one for each cause. */
function lossOf({ isSilent, killedFor }: WorkerHandle, end: WorkerEnd): string {
  return isSilent ? oneLine(killedFor).replace(/^Error: It/, "it") : describeEnd(end);
}
