import type { WorkerConnection } from "../protocol/transport.ts";
import type { WorkerHandle } from "./worker-handle.ts";

/** How often workers are looked at, while any has something to do, in the time for which one may be silent. */
const LOOKS = 8;

/** What is watched of a worker. */
export type Listened = Pick<WorkerHandle, "state" | "isIdle" | "isAtWork" | "killSilent"> & {
  readonly connection: Pick<WorkerConnection, "vitals">;
};

/** What was seen of a worker when it was looked at last. */
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
    (this.timer as { unref?: () => void }).unref?.();
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
    setImmediate(() => this.look(elapsedMs));
  }

  /** @param elapsedMs For how long workers could have given a sign since they were looked at last. */
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
