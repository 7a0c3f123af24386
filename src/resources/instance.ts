import { runlaneError } from "../core/errors/errors.ts";
import type { Declaration } from "./declaration.ts";

/** A loaded resource: its value, and the number of its users. */
export class Instance {
  /** The number of calls in flight that use the instance. Counted only where there is something to dispose of. */
  private users = 0;
  private state: "in use" | "retired" | "disposed" = "in use";
  private onUnused: (() => void) | undefined;
  private disposing: Promise<void> | undefined;

  constructor(
    readonly declaration: Declaration,
    readonly value: unknown,
    /** The instances that this one uses: they stay until it is disposed of. */
    private readonly used: readonly Instance[],
  ) {
    this.isCounted = declaration.dispose !== undefined || used.some(({ isCounted }) => isCounted);
  }

  /** True when calls have to say when they end. */
  readonly isCounted: boolean;

  get isDisposed(): boolean {
    return this.state === "disposed";
  }

  hold(): void {
    this.users++;
  }

  release(): void {
    if (--this.users === 0) this.onUnused?.();
  }

  /** Disposes of the instance once its last user is through. @throws RUNLANE_RESOURCE_DISPOSE */
  retire(): Promise<void> {
    this.disposing ??= this.whenUnused().then(() => this.end());
    return this.disposing;
  }

  /** Disposes of the instance at once, as far as that can be done without waiting. */
  endNow(): void {
    try {
      this.end()?.then(undefined, () => {});
    } catch {
      // The process ends: nobody is left to be told.
    }
  }

  private whenUnused(): Promise<void> {
    this.state = this.state === "in use" ? "retired" : this.state;
    return new Promise((resolve) => {
      if (this.users === 0) resolve();
      else this.onUnused = resolve;
    });
  }

  private end(): Promise<void> | undefined {
    if (this.state === "disposed") return undefined;
    this.state = "disposed";
    const { dispose } = this.declaration;
    if (dispose === undefined) {
      this.releaseUsed();
      return undefined;
    }
    return this.call(dispose).finally(() => this.releaseUsed());
  }

  private releaseUsed(): void {
    for (const used of this.used) used.release();
  }

  /** Calls the user's `dispose` at once: a process that ends waits for no promise. */
  private call(dispose: (value: unknown) => unknown): Promise<void> {
    const failed = (cause: unknown): never => {
      const reason = cause instanceof Error ? `${cause.name}: ${cause.message.replace(/\.$/, "")}` : String(cause);
      const details = { name: JSON.stringify(this.declaration.name), reason };
      throw runlaneError("RUNLANE_RESOURCE_DISPOSE", details, { cause });
    };
    try {
      return Promise.resolve(dispose(this.value)).then(() => {}, failed);
    } catch (cause) {
      return Promise.reject(cause).catch(failed);
    }
  }
}
