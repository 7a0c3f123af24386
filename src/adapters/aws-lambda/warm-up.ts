import type { Runnable } from "../../runnables/runnable.ts";

/** Loads what a chain uses: once, before the first call, and again after each time that it failed. */
export class WarmUp {
  readonly ready: Promise<void>;
  private attempt: Promise<void> | undefined;

  /** @param chain The chain to load; undefined when nothing is to be loaded beforehand. */
  constructor(private readonly chain: Pick<Runnable, "warm"> | undefined) {
    this.ready = this.start().then(undefined, () => {});
  }

  /** Waits until everything is loaded. Calls that wait for an attempt that fails get its error; the next call starts another one. */
  async wait(): Promise<void> {
    const attempt = this.attempt ?? this.start();
    try {
      await attempt;
    } catch (error) {
      if (this.attempt === attempt) this.attempt = undefined;
      throw error;
    }
  }

  private start(): Promise<void> {
    this.attempt = this.chain === undefined ? Promise.resolve() : this.chain.warm();
    return this.attempt;
  }
}
