/** Whether `value` has a `then` method: Runlane awaits such a value wherever it appears, as LangChain does. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === "object" || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

/** Marks a promise whose rejection is reported elsewhere, or that nobody waits for any more, as handled. */
export function ignoreRejection(promise: PromiseLike<unknown>): void {
  promise.then(undefined, () => {});
}
