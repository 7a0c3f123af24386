/** Wakes callers that wait for news of a name. News that comes between two waits is kept for the second. */
export class Bell {
  private readonly waiting = new Map<string, () => void>();
  /** The names that somebody waits for now and then, with whether there was news since the last wait. */
  private readonly known = new Map<string, boolean>();

  /** Rings for news of a name. */
  ring(name: string): void {
    const wake = this.waiting.get(name);
    if (wake !== undefined) wake();
    else if (this.known.has(name)) this.known.set(name, true);
  }

  /** Rings for all names, when there may be news of any. */
  ringAll(): void {
    for (const name of this.known.keys()) this.ring(name);
  }

  /** Waits for news, or for so many milliseconds. One waits for a name at a time. */
  wait(name: string, ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const isNew = this.known.get(name) === true;
      this.known.set(name, false);
      if (isNew || signal?.aborted === true) {
        resolve();
        return;
      }
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", wake);
        this.waiting.delete(name);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal?.addEventListener("abort", wake, { once: true });
      this.waiting.set(name, wake);
    });
  }

  /** Forgets a name that nobody will wait for any more. */
  forget(name: string): void {
    this.known.delete(name);
  }
}
