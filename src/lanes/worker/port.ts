import type { FromWorker, ToWorker } from "../protocol/messages.ts";

/** A worker's connection to its parent. */
export interface WorkerPort {
  /** Whether memory is shared with the parent, which then sees what the worker is at while it is busy; otherwise it has to be told. */
  readonly sharesMemory: boolean;
  /** @throws What structured clone throws for a value that cannot be sent. */
  send(message: FromWorker, transfer?: readonly unknown[]): void;
  listen(handler: (message: ToWorker) => void): void;
  /** Handles messages that cannot wait until the worker is idle, if there are any. */
  attend(): void;
  /** The worker starts on an input. */
  enter(chunk: number, index: number, timed: boolean): void;
  /**
   * Claims the inputs of a chunk up to a position, before they start. Returns whether they are this worker's still. Only threads need to.
   *
   * @param claimSlot Where the claims of the chunk are.
   * @param from What has been claimed before.
   */
  claim?(claimSlot: number, chunk: number, from: number, to: number): boolean;
  /** No function is being called any more. */
  leave(): void;
  /**
   * Waits a moment for the next message without the event loop, and handles it: it comes sooner that way. Returns whether one came.
   * Only threads can.
   *
   * @param rested Told how many milliseconds it waited.
   */
  spinForMessage?(rested: (ms: number) => void): boolean;
  /** The worker has something to do, or nothing more. Only a worker that shares no memory has to say so. */
  tellBusy?(isBusy: boolean): void;
  /** Ends the worker. */
  exit(): void;
}
