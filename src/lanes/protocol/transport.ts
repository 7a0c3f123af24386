import type { FromWorker, ToWorker } from "./messages.ts";

/** The end of a worker. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** The error that was not caught, when that ended the worker. */
  readonly error?: unknown;
}

/** The point that a worker has reached in its work. */
export interface WorkerProgress {
  readonly chunk: number;
  /** The last input that started. */
  readonly index: number;
  /** Whether the function of that input has not returned yet. */
  readonly running: boolean;
  /** When that input started, in milliseconds since the epoch; 0 when nobody asked. */
  readonly since: number;
}

export interface WorkerEvents {
  /** Called at the worker's first sign of life. Workers that cannot give one are alive when they are ready. */
  onAlive(): void;
  onMessage(message: FromWorker): void;
  /** Called once, after the last message. */
  onExit(end: WorkerEnd): void;
}

/** Signs of life of a worker. */
export interface WorkerVitals {
  /** A number that changes with each sign of life. */
  readonly signs: number;
  /** The number of messages that have reached the worker; undefined where it says by itself that it is at work. */
  readonly received: number | undefined;
  /** Whether the worker need not give a sign now: it is in the function of an input, or has no means to. */
  readonly isExcused: boolean;
}

/** The parent's hold on one worker. It never keeps the process alive: the pool does, while there is work. */
export interface WorkerConnection {
  /** @throws What structured clone throws for a value that cannot be sent. Nothing has been sent then. */
  send(message: ToWorker, transfer?: readonly unknown[]): void;
  /**
   * Waits a moment for the reply to the last message, without the event loop, if the worker is awake: the reply comes sooner that way.
   * Only for workers that share memory.
   */
  spinForReply?(): void;
  /** Lets the worker claim the inputs of a chunk, from the first one on. Only workers that share memory can, and need to. */
  offer?(claimSlot: number, chunk: number): void;
  /** The number of inputs of the chunk in a slot that the worker has claimed. */
  claimed?(claimSlot: number): number;
  /** Takes the inputs of a chunk back that the worker has not claimed. Returns false when it has claimed more meanwhile. */
  revoke?(claimSlot: number, chunk: number, claimed: number): boolean;
  /** The point that the worker has reached, when it shares memory with the parent; null when only its messages tell. */
  progress(): WorkerProgress | null;
  /** The id of the worker's thread, when it is one of this process. */
  readonly threadId?: number;
  vitals(): WorkerVitals;
  /** Ends the worker, whatever it does. */
  kill(): void;
  /**
   * Has the worker dispose of its resources while this process ends. Returns a function that waits for that, for so many milliseconds at
   * most, without an event loop: none turns any more.
   *
   * @param withinMs The time that the worker may take, in milliseconds.
   */
  endNow(withinMs: number): (ms: number) => void;
}

/** A transport starts workers of one kind. */
export interface Transport {
  /** Whether workers share memory with this thread. */
  readonly sharesMemory: boolean;
  /** The CPU time of all workers, in milliseconds, and perhaps of more, where that can be told while they are busy. */
  cpuMs?(): number;
  /** @throws When the platform cannot start such workers, or not with these settings. */
  start(events: WorkerEvents): WorkerConnection;
}
