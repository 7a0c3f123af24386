import { availableParallelism } from "node:os";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { type MessagePort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { FromWorker, ToWorker } from "../protocol/messages.ts";
import { CLAIMS, claimOf, INTEGERS, SINCE_BYTE, SPINS, STATE } from "../protocol/shared-state.ts";
import { reviveStage } from "./codec.ts";
import type { WorkerPort } from "./port.ts";
import { serve } from "./serve.ts";

/** The entry of a worker thread. */

// Taken now: user code may put something else in their place.
const { port, shared } = workerData.runlane as { readonly port: MessagePort; readonly shared: SharedArrayBuffer };
const { add, compareExchange, store, load, notify, wait } = Atomics;
const exit = process.exit.bind(process);

/** The time in milliseconds that a thread sleeps at most until the next message, while its timers and I/O wait. */
const SLEEP_MS = 1;
/** The number of looks before a thread sleeps. With one core only, looking would keep the parent waiting. */
const spinsBeforeSleep = availableParallelism() > 1 ? SPINS : 0;

/** Receives a message, if there is one. One that cannot be read ends the thread: somebody waits for what it asked for. */
function receive(): { readonly message: ToWorker } | undefined {
  try {
    return receiveMessageOnPort(port);
  } catch (error) {
    // Not in the function that runs now.
    setImmediate(endForUnreadable, error);
    return undefined;
  }
}

function endForUnreadable(error: unknown): never {
  throw error;
}

class ThreadPort implements WorkerPort {
  readonly sharesMemory = true;
  private readonly words: Int32Array;
  private readonly since: Float64Array;
  private attended = 0;
  private handler: (message: ToWorker) => void = () => {};

  constructor(shared: SharedArrayBuffer) {
    this.words = new Int32Array(shared, 0, INTEGERS);
    this.since = new Float64Array(shared, SINCE_BYTE, 1);
  }

  send(message: FromWorker, transfer?: readonly unknown[]): void {
    port.postMessage(message, transfer as ArrayBuffer[] | undefined);
    add(this.words, STATE.told, 1);
  }

  listen(handler: (message: ToWorker) => void): void {
    this.handler = (message) => {
      add(this.words, STATE.received, 1);
      handler(message);
    };
    port.on("message", this.handler);
    port.on("messageerror", endForUnreadable);
  }

  attend(): void {
    const calls = load(this.words, STATE.attention);
    if (calls === this.attended) return;
    this.attended = calls;
    for (let next = receive(); next !== undefined; next = receive()) this.handler(next.message);
  }

  enter(chunk: number, index: number, timed: boolean): void {
    const { words } = this;
    if (timed) this.since[0] = Date.now();
    words[STATE.chunk] = chunk;
    words[STATE.index] = index;
    store(words, STATE.running, 1);
  }

  claim(claimSlot: number, chunk: number, from: number, to: number): boolean {
    const before = claimOf(chunk, from);
    return compareExchange(this.words, CLAIMS + claimSlot, before, claimOf(chunk, to)) === before;
  }

  leave(): void {
    store(this.words, STATE.running, 0);
  }

  /**
   * Waking a thread takes 30 µs or more, and the next call of a caller who makes one after the other comes before that: such calls
   * take 13 µs when both sides look, and 65 when both sleep.
   */
  spinForMessage(rested: (ms: number) => void): boolean {
    const { words } = this;
    const from = performance.now();
    const sent = load(words, STATE.sent);
    let next = receive();
    if (next === undefined) {
      store(words, STATE.spinning, 1);
      for (let spins = 0; spins < spinsBeforeSleep && load(words, STATE.sent) === sent; spins++);
      store(words, STATE.spinning, 0);
      if (wait(words, STATE.sent, sent, SLEEP_MS) !== "timed-out") next = receive();
    }
    rested(performance.now() - from);
    if (next === undefined) return false;
    this.handler(next.message);
    return true;
  }

  exit(): void {
    store(this.words, STATE.ended, 1);
    notify(this.words, STATE.ended);
    exit(0);
  }
}

serve(new ThreadPort(shared), reviveStage);
