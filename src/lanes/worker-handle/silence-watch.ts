import { afterTurn, unref } from "../../core/platform.ts";
import type { WorkerConnection } from "../protocol/transport.ts";
import type { WorkerHandle } from "./worker-handle.ts";

/** The number of looks at all workers in the time for which one may be silent, while any has something to do. */
const LOOKS = 8;

/** The part of a worker that is watched. */
export type Listened = Pick<WorkerHandle, "state" | "isIdle" | "isAtWork" | "killSilent"> & {
  readonly connection: Pick<WorkerConnection, "vitals">;
};

/** A worker as the last look found it. */
interface Seen {
  signs: number;
  silentMs: number;
}

/**
 * Ends workers that have been given something and give no sign of life: stuck between two inputs, stopped from outside, deaf.
 *
 * A worker is silent while it has not begun what it was given, no function of an input is being called, and nothing that it has begun
 * before goes on: a promise of an input may go on in code that takes as long as it likes. Time in which this thread itself could not turn its event loop does
 * not count, beyond one tick. The watch is on while any worker has something to do.
 */
export class SilenceWatch {
  isOn = false;
  private timer: ReturnType<typeof setInterval> | undefined;
  private lookedAt = 0;
  private readonly seen = new WeakMap<Listened, Seen>();
  private readonly tickMs: number;

  constructor(
    private readonly workers: Iterable<Listened>,
    private readonly silenceMs: number,
  ) {
    this.tickMs = silenceMs / LOOKS;
  }

  start(): void {
    this.isOn = true;
    this.lookedAt = performance.now();
    this.timer = setInterval(() => this.tick(), this.tickMs);
    // The pool keeps the process alive while calls are pending.
    unref(this.timer);
  }

  close(): void {
    clearInterval(this.timer);
    this.isOn = false;
  }

  private tick(): void {
    const now = performance.now();
    const elapsedMs = Math.min(now - this.lookedAt, this.tickMs);
    this.lookedAt = now;
    // When this loop was held up, what workers have said meanwhile has not been read yet.
    afterTurn(() => this.look(elapsedMs));
  }

  /** @param elapsedMs The time since the last look in which workers could have given a sign. */
  look(elapsedMs: number): void {
    let isAnyBusy = false;
    for (const worker of [...this.workers]) {
      if (worker.state !== "ready" || worker.isIdle) continue;
      isAnyBusy = true;
      this.listen(worker, elapsedMs);
    }
    if (!isAnyBusy) this.close();
  }

  private listen(worker: Listened, elapsedMs: number): void {
    const { signs, received, isExcused } = worker.connection.vitals();
    let seen = this.seen.get(worker);
    if (seen === undefined) {
      seen = { signs: -1, silentMs: 0 };
      this.seen.set(worker, seen);
    }
    const isHeard = signs !== seen.signs;
    seen.signs = signs;
    if (isHeard || isExcused || (received !== undefined && worker.isAtWork(received))) {
      seen.silentMs = 0;
      return;
    }
    seen.silentMs += elapsedMs;
    if (seen.silentMs >= this.silenceMs) worker.killSilent(this.silenceMs);
  }
}
