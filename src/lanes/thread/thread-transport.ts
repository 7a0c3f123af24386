import type { Worker } from "node:worker_threads";
import type { FromWorker, ToWorker } from "../messages.ts";
import { builtin, workerEntry } from "../platform.ts";
import type { PoolSettings } from "../pool-options.ts";
import { CLAIMS, claimOf, countOf, INTEGERS, POSITION, POSITION_BYTES, SINCE_BYTE, takenBack } from "../position.ts";
import type { Position, Transport, WorkerEvents, WorkerHandle } from "../transport.ts";

/** Starts worker threads. */
export class ThreadTransport implements Transport {
  readonly sharesMemory = true;

  constructor(private readonly settings: PoolSettings) {}

  /** That of the whole process: Node tells that of one thread since 23.9 only, and only itself. */
  cpuMs(): number {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }

  start(events: WorkerEvents): WorkerHandle {
    const { Worker } = builtin("thread", "node:worker_threads");
    const { resourceLimits, env, execArgv } = this.settings;
    const shared = new SharedArrayBuffer(POSITION_BYTES);
    const worker = new Worker(workerEntry("thread", "thread"), {
      name: "runlane",
      workerData: { runlane: shared },
      ...(resourceLimits && { resourceLimits }),
      ...(env && { env: { ...process.env, ...env } }),
      ...(execArgv && { execArgv: [...execArgv] }),
    });
    let error: unknown;
    worker.on("message", (message: FromWorker) => events.message(message));
    worker.on("messageerror", (cause) => {
      error ??= cause;
      worker.terminate();
    });
    worker.on("error", (cause) => {
      error ??= cause;
    });
    worker.on("exit", (code) => events.exit({ code, signal: null, error }));
    // After the listeners: listening to messages holds the process.
    worker.unref();
    return new ThreadHandle(worker, shared);
  }
}

class ThreadHandle implements WorkerHandle {
  private readonly integers: Int32Array;
  private readonly since: Float64Array;

  constructor(
    private readonly worker: Worker,
    shared: SharedArrayBuffer,
  ) {
    this.integers = new Int32Array(shared, 0, INTEGERS);
    this.integers[POSITION.chunk] = -1;
    this.since = new Float64Array(shared, SINCE_BYTE, 1);
  }

  send(message: ToWorker, transfer?: readonly unknown[]): void {
    this.worker.postMessage(message, transfer as ArrayBuffer[] | undefined);
    const { integers } = this;
    if (message.type === "cancel" || message.type === "leave") Atomics.add(integers, POSITION.attention, 1);
    Atomics.add(integers, POSITION.sent, 1);
    Atomics.notify(integers, POSITION.sent);
  }

  offer(place: number, chunk: number): void {
    Atomics.store(this.integers, CLAIMS + place, claimOf(chunk, 0));
  }

  claimed(place: number): number {
    return countOf(Atomics.load(this.integers, CLAIMS + place));
  }

  takeBack(place: number, chunk: number, claimed: number): boolean {
    const before = claimOf(chunk, claimed);
    return Atomics.compareExchange(this.integers, CLAIMS + place, before, takenBack(chunk)) === before;
  }

  position(): Position {
    const { integers } = this;
    return {
      running: Atomics.load(integers, POSITION.running) === 1,
      chunk: integers[POSITION.chunk]!,
      index: integers[POSITION.index]!,
      since: this.since[0]!,
    };
  }

  endNow(withinMs: number): (ms: number) => void {
    this.send({ type: "stop", withinMs });
    return (ms) => Atomics.wait(this.integers, POSITION.ended, 0, ms);
  }

  kill(): void {
    this.worker.terminate();
  }
}
