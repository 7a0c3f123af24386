import process from "node:process";
import type { FromWorker, ToWorker } from "../protocol/messages.ts";
import { packError, reviveStage } from "./codec.ts";
import { endAfter } from "./hooks.ts";
import { endWithParent } from "./orphan-watch.ts";
import type { WorkerPort } from "./port.ts";
import { serve } from "./serve.ts";

/** The entry of a child process. */

// Taken now: user code may put something else in their place.
const send = process.send!.bind(process);
const exit = process.exit.bind(process);
const ignore = () => {};
/** How long a process may take to dispose of its resources when its parent is gone. */
const ALONE_MS = 400;

class ProcessPort implements WorkerPort {
  readonly sharesPosition = false;
  readonly sharesMemory = false;
  private chunk = -1;
  private index = -1;

  send(message: FromWorker): void {
    send(message, undefined, undefined, ignore);
  }

  listen(handler: (message: ToWorker) => void): void {
    process.on("message", handler as (message: unknown) => void);
  }

  attend(): void {}

  enter(chunk: number, index: number): void {
    this.chunk = chunk;
    this.index = index;
  }

  leave(): void {
    this.index = -1;
  }

  exit(): void {
    exit(0);
  }

  /** Last words. Node writes them before it goes on, unless the pipe is full. */
  die(error: unknown, callback?: () => void): void {
    const { chunk, index } = this;
    if (!process.connected) return;
    const packed = error === undefined ? undefined : packError(error);
    send({ type: "dying", error: packed, chunk, index }, undefined, undefined, callback ?? ignore);
  }
}

const port = new ProcessPort();
// Without its parent nobody waits for the results.
process.on("disconnect", () => endAfter(ALONE_MS, () => exit(0)));
// Ctrl-C reaches all processes of a terminal. The parent decides what becomes of the inputs that run.
process.on("SIGINT", ignore);
process.on("exit", () => port.die(undefined));
process.on("uncaughtException", (error) => {
  // A handler of the user's own decides what becomes of the process.
  if (process.listenerCount("uncaughtException") > 1) return;
  port.die(error, () => exit(1));
});
serve(port, reviveStage);
// Taken out again: user code looks at its arguments too.
endWithParent(Number(process.argv.splice(2, 1)[0]));
