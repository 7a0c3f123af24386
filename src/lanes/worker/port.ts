import type { FromWorker, ToWorker } from "../protocol/messages.ts";

/** A worker's connection to its parent. */
export interface WorkerPort {
  /** Whether the parent shares memory with the worker, so that it sees which input runs; otherwise the worker has to tell. */
  readonly sharesMemory: boolean;
  /** @throws What structured clone throws for a value that cannot be sent. */
  send(message: FromWorker, transfer?: readonly unknown[]): void;
  listen(handler: (message: ToWorker) => void): void;
  /** Handles messages that cannot wait until the worker is idle, if there are any. */
  attend(): void;
  /** Takes note that the worker starts on an input. */
  enter(chunk: number, index: number, timed: boolean): void;
  /**
   * Claims the inputs of a chunk up to a position, before they start. Returns whether they are this worker's still. Only threads need to.
   *
   * @param claimSlot The number of the slot in shared memory with the claims of the chunk.
   * @param from The number of inputs that have been claimed before.
   */
  claim?(claimSlot: number, chunk: number, from: number, to: number): boolean;
  /** Takes note that no function is being called any more. */
  leave(): void;
  /**
   * Waits a moment for the next message without the event loop, and handles it: it comes sooner that way. Returns whether one came.
   * Only threads can.
   *
   * @param rested Called with the number of milliseconds that it waited.
   */
  spinForMessage?(rested: (ms: number) => void): boolean;
  /** Tells that the worker has something to do, or nothing more. Only a worker that shares no memory has to say so. */
  tellBusy?(isBusy: boolean): void;
  /** Ends the worker. */
  exit(): void;
}
