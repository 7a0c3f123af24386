import { builtinModule } from "./platform.ts";

/**
 * One abort listener per signal, however many runs watch it. A listener per run (or per step) is what makes Node print
 * MaxListenersExceededWarning when a batch shares one signal.
 */
const watchers = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `callback` once when `signal` aborts; the returned function takes it back. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let callbacks = watchers.get(signal);
  if (callbacks === undefined) {
    callbacks = new Set();
    watchers.set(signal, callbacks);
    signal.addEventListener("abort", fire);
  }
  callbacks.add(callback);
  return () => {
    if (callbacks.delete(callback) && callbacks.size === 0 && watchers.get(signal) === callbacks) forget(signal);
  };
}

/**
 * Keeps the listener of a signal that serves one call after the other: to add it and to take it back costs as much as the rest of what
 * a server does for a small request.
 */
export function keepListener(signal: AbortSignal): void {
  allowManyListeners(signal);
  onAbort(signal, nothing);
}

/** Whether a signal that keeps its listener calls something back when it aborts. */
export function isWatched(signal: AbortSignal): boolean {
  return (watchers.get(signal)?.size ?? 0) > 1;
}

function nothing(): void {}

function fire(this: AbortSignal): void {
  const callbacks = watchers.get(this);
  forget(this);
  if (callbacks !== undefined) for (const callback of callbacks) callback();
}

function forget(signal: AbortSignal): void {
  watchers.delete(signal);
  signal.removeEventListener("abort", fire);
}

/**
 * The error of something that was stopped, as the web platform has it. Its `code` is its name, as the errors of Runlane are told apart by
 * a `code` that is text, and not the number that a DOMException has for the sake of old programs: `error.code ?? error.name` names it.
 */
export function stopError(name: "AbortError" | "TimeoutError", message: string): DOMException {
  const error = new DOMException(message, name);
  return Object.defineProperty(error, "code", { value: name, writable: true, configurable: true });
}

/** The error of an aborted signal: its reason when that is an Error, else an AbortError made of it. */
export function abortError(signal: AbortSignal): unknown {
  const { reason } = signal;
  if (reason instanceof Error) return reason;
  const error = stopError("AbortError", typeof reason === "string" ? reason : "The run was aborted.");
  if (typeof reason !== "string") Object.defineProperty(error, "cause", { value: reason, configurable: true });
  return error;
}

/**
 * Waits for `promise`, but no longer than until `signal` aborts; then the result is the signal's error, and whatever becomes of
 * the promise is ignored. Nothing is cancelled by this: the work behind the promise sees the signal itself, or runs on.
 *
 * @param signal Without one, the promise is returned as it is.
 * @throws The signal's reason when that is an Error (a `TimeoutError` for `AbortSignal.timeout`), else an `AbortError`.
 * @example
 * ```ts
 * import { raceWithSignal } from "runlane";
 *
 * const answer = await raceWithSignal(Promise.resolve(42), AbortSignal.timeout(1000));
 * ```
 */
export function raceWithSignal<T>(promise: PromiseLike<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return Promise.resolve(promise);
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortError(signal));
      Promise.resolve(promise).then(undefined, () => {});
      return;
    }
    const stopWatching = onAbort(signal, () => reject(abortError(signal)));
    Promise.resolve(promise).then(
      (value) => {
        stopWatching();
        resolve(value);
      },
      (error) => {
        stopWatching();
        reject(error);
      },
    );
  });
}

/**
 * Waits with one signal for one thing after the other, as {@link raceWithSignal} does. It listens from the first wait until it is closed:
 * to listen anew for each chunk of a stream costs five times what the chunk does.
 */
export class SignalRace {
  private stopWatching: (() => void) | undefined;
  private reject: ((error: unknown) => void) | undefined;
  private isClosed = false;

  constructor(private readonly signal: AbortSignal) {}

  wait<T>(promise: PromiseLike<T>): Promise<T> {
    const { signal } = this;
    // Two waits at once are rare; the second one has a listener of its own.
    if (signal.aborted || this.isClosed || this.reject !== undefined) return raceWithSignal(promise, signal);
    this.stopWatching ??= onAbort(signal, () => this.reject?.(abortError(signal)));
    return new Promise((resolve, reject) => {
      this.reject = reject;
      promise.then(
        (value) => {
          this.settled();
          resolve(value);
        },
        (error) => {
          this.settled();
          reject(error);
        },
      );
    });
  }

  /** Listens no more, once what is waited for has come. */
  close(): void {
    this.isClosed = true;
    if (this.reject === undefined) this.stopWatching?.();
  }

  private settled(): void {
    this.reject = undefined;
    if (this.isClosed) this.stopWatching?.();
  }
}

/**
 * Lifts Node's limit of listeners for a signal that is handed to many runs at once: `fetch` in a hundred inputs of one batch is no
 * leak. Elsewhere there is no such limit.
 */
export function allowManyListeners(signal: AbortSignal): void {
  // Looking it up costs more than calling it.
  setMaxListeners ??= builtinModule("node:events")?.setMaxListeners ?? null;
  setMaxListeners?.(0, signal);
}

let setMaxListeners: ((count: number, signal: AbortSignal) => void) | null | undefined;
