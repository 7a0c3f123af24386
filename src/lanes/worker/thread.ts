import process from "node:process";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { FromWorker, ToWorker } from "../messages.ts";
import { POSITION, SINCE_BYTE } from "../position.ts";
import { reviveStage } from "./codec.ts";
import type { WorkerPort } from "./port.ts";
import { serve } from "./serve.ts";

/** The entry of a worker thread. */

// Taken now: user code may put something else in their place.
const port = parentPort!;
const { store, load } = Atomics;
const exit = process.exit.bind(process);

class ThreadPort implements WorkerPort {
  readonly sharesPosition = true;
  readonly sharesMemory = true;
  private readonly position: Int32Array;
  private readonly since: Float64Array;
  private attended = 0;
  private handler: (message: ToWorker) => void = () => {};

  constructor(shared: SharedArrayBuffer) {
    this.position = new Int32Array(shared, 0, 4);
    this.since = new Float64Array(shared, SINCE_BYTE, 1);
  }

  send(message: FromWorker, transfer?: readonly unknown[]): void {
    port.postMessage(message, transfer as ArrayBuffer[] | undefined);
  }

  listen(handler: (message: ToWorker) => void): void {
    this.handler = handler;
    port.on("message", handler);
  }

  attend(): void {
    const calls = load(this.position, POSITION.attention);
    if (calls === this.attended) return;
    this.attended = calls;
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
      this.handler(next.message);
  }

  enter(chunk: number, index: number, timed: boolean): void {
    const { position } = this;
    if (timed) this.since[0] = Date.now();
    position[POSITION.chunk] = chunk;
    position[POSITION.index] = index;
    store(position, POSITION.running, 1);
  }

  leave(): void {
    store(this.position, POSITION.running, 0);
  }

  exit(): void {
    exit(0);
  }
}

serve(new ThreadPort(workerData.runlane), reviveStage);
