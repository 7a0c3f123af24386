import { createReadStream, createWriteStream } from "node:fs";
import { Socket } from "node:net";
import process from "node:process";
import type { Readable, Writable } from "node:stream";
import v8 from "node:v8";
import { FrameReader, INBOX, OUTBOX, writeFrame } from "../protocol/frames.ts";
import type { FromWorker, ToWorker } from "../protocol/messages.ts";
import { packError, reviveStage } from "./codec.ts";
import { endAfter } from "./hooks.ts";
import type { WorkerPort } from "./port.ts";
import { serve } from "./serve.ts";
import { startWatchThread } from "./watch-thread.ts";

/** The entry of a child process. */

// Taken now: user code may put something else in their place.
const V8 = { serialize: v8.serialize, deserialize: v8.deserialize };
const exit = process.exit.bind(process);
const ignore = () => {};
/** The time in which a process may dispose of its resources when its parent is gone, in milliseconds. */
const ORPHAN_MS = 400;

// Bun has no sockets of pipes that are there already.
const inbox: Readable = process.versions.bun
  ? createReadStream("", { fd: INBOX })
  : new Socket({ fd: INBOX, writable: false });
const outbox: Writable = process.versions.bun
  ? createWriteStream("", { fd: OUTBOX })
  : new Socket({ fd: OUTBOX, readable: false });

class ProcessPort implements WorkerPort {
  readonly sharesMemory = false;
  tellBusy: (isBusy: boolean) => void = ignore;
  private chunk = -1;
  private index = -1;

  send(message: FromWorker): void {
    writeFrame(V8, outbox, message);
  }

  listen(handler: (message: ToWorker) => void): void {
    const reader = new FrameReader(V8, handler as (message: unknown) => void, (error) => {
      this.die(error, () => exit(1));
    });
    inbox.on("data", (bytes) => reader.push(bytes));
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

  /** Sends the last words. Node writes them before it goes on, unless the pipe is full. */
  die(error: unknown, callback?: () => void): void {
    const { chunk, index } = this;
    if (outbox.destroyed) return;
    const packed = error === undefined ? undefined : packError(error);
    const message: FromWorker = { type: "dying", error: packed, chunk, index };
    writeFrame(V8, outbox, message, callback);
  }
}

const port = new ProcessPort();
// Without its parent nobody waits for the results.
inbox.on("close", () => endAfter(ORPHAN_MS, () => exit(0)));
for (const socket of [inbox, outbox]) socket.on("error", ignore);
// Ctrl-C reaches all processes of a terminal. The parent decides what becomes of the inputs that run.
process.on("SIGINT", ignore);
process.on("exit", () => port.die(undefined));
process.on("uncaughtException", (error) => {
  // A handler of the user's own decides what becomes of the process.
  if (process.listenerCount("uncaughtException") > 1) return;
  port.die(error, () => exit(1));
});
// Taken out again: user code looks at its arguments too.
const parent = Number(process.argv.splice(2, 1)[0]);
serve(port, reviveStage);
port.tellBusy = startWatchThread(parent);
