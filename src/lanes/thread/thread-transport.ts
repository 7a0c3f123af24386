import type { MessagePort, Worker } from "node:worker_threads";
import { ask } from "../../core/platform.ts";
import { builtin } from "../platform.ts";
import type { PoolSettings } from "../pool/pool-options.ts";
import type { FromWorker, ToWorker } from "../protocol/messages.ts";
import {
  CLAIMS,
  claimOf,
  countOf,
  INTEGERS,
  revoked,
  SINCE_BYTE,
  SPINS,
  STATE,
  STATE_BYTES,
} from "../protocol/shared-state.ts";
import type { Transport, WorkerConnection, WorkerEvents, WorkerProgress, WorkerVitals } from "../protocol/transport.ts";
import { workerFile } from "../worker-file.ts";

/** The option that says how the text of a program is read: a thread cannot take it over from this process. */
const FROM_TEXT = /(^| )--input-type/;

const UNKNOWN = { user: 0, system: 0 };

/** Starts worker threads. */
export class ThreadTransport implements Transport {
  readonly sharesMemory = true;

  constructor(private readonly settings: PoolSettings) {}

  /** The CPU time of the whole process: Node tells that of one thread since 23.9 only, and only to the thread itself. */
  cpuMs(): number {
    const { user, system } = ask(() => process.cpuUsage(), UNKNOWN);
    return (user + system) / 1000;
  }

  start(events: WorkerEvents): WorkerConnection {
    const { MessageChannel, receiveMessageOnPort, Worker } = builtin("thread", "node:worker_threads");
    const { resourceLimits, env, execArgv } = this.settings;
    const shared = new SharedArrayBuffer(STATE_BYTES);
    // The thread's own port cannot be read without the event loop.
    const { port1: port, port2 } = new MessageChannel();
    const worker = new Worker(workerFile("thread", "thread"), {
      name: "runlane",
      workerData: { runlane: { shared, port: port2 } },
      transferList: [port2],
      ...(resourceLimits && { resourceLimits }),
      ...(env && { env: { ...process.env, ...env } }),
      ...(execArgv !== undefined
        ? { execArgv: [...execArgv] }
        : FROM_TEXT.test(process.execArgv.join(" ")) && { execArgv: [] }),
    });
    let error: unknown;
    const unreadable = (cause: unknown): void => {
      error ??= cause;
      worker.terminate();
    };
    const receive = (): boolean => {
      let next: ReturnType<typeof receiveMessageOnPort>;
      try {
        next = receiveMessageOnPort(port);
      } catch (cause) {
        unreadable(cause);
        return true;
      }
      if (next !== undefined) events.onMessage(next.message as FromWorker);
      return next !== undefined;
    };
    port.on("message", (message: FromWorker) => events.onMessage(message));
    port.on("messageerror", unreadable);
    worker.on("error", (cause) => {
      error ??= cause;
    });
    worker.on("online", () => events.onAlive());
    worker.on("exit", (code) => {
      while (receive());
      port.close();
      events.onExit({ code, signal: null, error });
    });
    // After the listeners: listening to messages holds the process.
    port.unref();
    worker.unref();
    return new ThreadConnection(worker, port, shared, receive);
  }
}

class ThreadConnection implements WorkerConnection {
  private readonly integers: Int32Array;
  private readonly since: Float64Array;
  /** The number of messages that the thread had sent before the last one to it. */
  private messagesBefore = 0;
  /** Whether the thread was awake then, with nothing to do. */
  private wasSpinning = false;

  constructor(
    private readonly worker: Worker,
    private readonly port: MessagePort,
    shared: SharedArrayBuffer,
    /** Receives one message, if there is one. Returns whether there was. */
    private readonly receive: () => boolean,
  ) {
    this.integers = new Int32Array(shared, 0, INTEGERS);
    this.integers[STATE.chunk] = -1;
    this.since = new Float64Array(shared, SINCE_BYTE, 1);
  }

  send(message: ToWorker, transfer?: readonly unknown[]): void {
    const { integers } = this;
    this.messagesBefore = Atomics.load(integers, STATE.told);
    this.wasSpinning = Atomics.load(integers, STATE.spinning) === 1;
    this.port.postMessage(message, transfer as ArrayBuffer[] | undefined);
    if (message.type === "cancel" || message.type === "leave") Atomics.add(integers, STATE.attention, 1);
    Atomics.add(integers, STATE.sent, 1);
    Atomics.notify(integers, STATE.sent);
  }

  /** Spins for the reply: that of a thread that is awake comes in 10 µs, and waking this one's event loop would take 30 more. */
  spinForReply(): void {
    const { integers, messagesBefore } = this;
    if (!this.wasSpinning) return;
    for (let spins = 0; spins < SPINS && Atomics.load(integers, STATE.told) === messagesBefore; spins++);
    if (Atomics.load(integers, STATE.told) !== messagesBefore) while (this.receive());
  }

  offer(claimSlot: number, chunk: number): void {
    Atomics.store(this.integers, CLAIMS + claimSlot, claimOf(chunk, 0));
  }

  claimed(claimSlot: number): number {
    return countOf(Atomics.load(this.integers, CLAIMS + claimSlot));
  }

  revoke(claimSlot: number, chunk: number, claimed: number): boolean {
    const before = claimOf(chunk, claimed);
    return Atomics.compareExchange(this.integers, CLAIMS + claimSlot, before, revoked(chunk)) === before;
  }

  progress(): WorkerProgress {
    const { integers } = this;
    return {
      running: Atomics.load(integers, STATE.running) === 1,
      chunk: integers[STATE.chunk]!,
      index: integers[STATE.index]!,
      since: this.since[0]!,
    };
  }

  get threadId(): number {
    return this.worker.threadId;
  }

  vitals(): WorkerVitals {
    const { integers } = this;
    const received = Atomics.load(integers, STATE.received);
    const signs = received + Atomics.load(integers, STATE.told) + integers[STATE.chunk]! + integers[STATE.index]!;
    return { signs, received, isExcused: Atomics.load(integers, STATE.running) === 1 };
  }

  endNow(withinMs: number): (ms: number) => void {
    this.send({ type: "stop", withinMs });
    return (ms) => Atomics.wait(this.integers, STATE.ended, 0, ms);
  }

  kill(): void {
    this.worker.terminate();
  }
}
