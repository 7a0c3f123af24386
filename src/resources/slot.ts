import { RunlaneError, runlaneError } from "../core/errors/errors.ts";
import { unref } from "../core/platform.ts";
import { ignoreRejection, isThenable } from "../core/thenable.ts";
import { warnOf } from "../core/warn.ts";
import { changed, renewing, warn } from "./changes.ts";
import type { Declaration } from "./declaration.ts";
import { Instance } from "./instance.ts";
import { Load } from "./load.ts";
import { hasLoaded, isLoading, keep, letGo } from "./loaded.ts";
import { differenceOf } from "./same-loader.ts";
import type { ResourceState, ResourceStatus } from "./status.ts";

/** The number of versions that are remembered, to tell a new one from one that is declared again. */
const MAX_VERSIONS = 32;
/** The number of times a declaration may be made. One made more often stands inside a function, not at the top of a module. */
const MAX_DECLARED = 3;

/** All versions of one resource in this thread: the one that serves, and the one that is being loaded. */
export class ResourceSlot {
  readonly name: string;
  /** The load that is going on. */
  loading: Load | null = null;
  /** The instance that serves calls. */
  live: Instance | null = null;
  private joined: Promise<Instance> | undefined;
  private readonly versions = new Map<string | number | undefined, Declaration>();
  private declared = 1;
  private loads = 0;
  private last: Load | null = null;
  private failures = 0;
  private retryAt = 0;
  private error: unknown;
  private wasDisposed = false;
  /** True when the value was loaded by another thread. */
  isGiven = false;

  constructor(
    /** The newest version. */
    public declaration: Declaration,
  ) {
    this.name = declaration.name;
    this.versions.set(declaration.version, declaration);
  }

  /**
   * Takes another declaration of the resource: the same one again, or a new version.
   *
   * @throws RUNLANE_RESOURCE_CONFLICT
   */
  declare(next: Declaration): void {
    const known = this.versions.get(next.version);
    const difference = known === undefined ? scopeDiffers(this.declaration, next) : differenceOf(known, next);
    if (difference !== undefined)
      throw runlaneError("RUNLANE_RESOURCE_CONFLICT", { name: JSON.stringify(this.name), difference });
    if (known !== undefined) {
      if (++this.declared === MAX_DECLARED + 1)
        warn(
          `The resource ${JSON.stringify(this.name)} is declared again and again, inside a function: declare it once, at the top of a module, and pass it in \`uses\`.`,
        );
      return;
    }
    const renewals = renewing(this, next);
    this.versions.set(next.version, next);
    if (this.versions.size > MAX_VERSIONS) this.versions.delete(this.versions.keys().next().value);
    this.declaration = next;
    changed(this);
    for (const renew of renewals) renew();
    // Threads that share the old value do not ask for a new one.
    if (next.scope === "shared" && this.live !== null) this.use();
  }

  /** The instance that serves calls now; a promise of it while it is being loaded. */
  use(): Instance | Promise<Instance> {
    const { live } = this;
    if (live === null) return this.loading === null ? this.load() : this.join();
    if (live.declaration !== this.declaration && this.loading === null) this.renew();
    return this.live ?? live;
  }

  /** Takes a value that was loaded elsewhere. */
  give(declaration: Declaration, value: unknown): void {
    this.isGiven = true;
    this.declaration = declaration;
    this.live = new Instance(declaration, value, []);
    changed(this);
  }

  /** Gives up the instance that is loaded, or being loaded. */
  async dispose(): Promise<void> {
    await this.settle();
    if (this.live !== null) await this.end(this.live);
  }

  /** Disposes of an instance that was loaded here. */
  async end(instance: Instance): Promise<void> {
    if (instance === this.live) {
      this.live = null;
      this.wasDisposed = true;
      changed(this);
    }
    await this.giveUp(instance);
  }

  /** Disposes of a value that a load gave after its time was up. */
  discard(declaration: Declaration, value: unknown): void {
    new Instance(declaration, value, []).endNow();
  }

  /** The load that is going on. */
  settle(): Promise<unknown> | undefined {
    return this.loading === null ? undefined : this.join().catch(() => {});
  }

  get status(): ResourceStatus {
    const { name, loads, live, last, error } = this;
    const { version, scope } = live === null ? this.declaration : live.declaration;
    const measured = last === null ? { loadMs: null, memory: null } : { loadMs: last.ms, memory: last.memory };
    return { name, version, scope, state: this.state, where: "loop", worker: null, loads, ...measured, error };
  }

  private get state(): ResourceState {
    if (this.live !== null) return "ready";
    if (this.loading !== null) return "loading";
    if (this.error !== undefined) return "failed";
    return this.wasDisposed ? "disposed" : "idle";
  }

  /** The promise of the load that goes on: all uses that come meanwhile wait for it. */
  private join(): Promise<Instance> {
    // A loader that asks for its own resource is the only one who comes before there is a promise.
    this.joined ??= new Promise((_, reject) => reject(this.selfUse()));
    return this.joined;
  }

  private selfUse(): Error {
    const name = JSON.stringify(this.name);
    return runlaneError("RUNLANE_RESOURCE_CYCLE", { cycle: `${name} → ${name}` });
  }

  private load(): Instance | Promise<Instance> {
    const load = new Load(this, this.declaration);
    this.loading = load;
    this.joined = undefined;
    isLoading(this);
    const waitMs = this.retryAt - Date.now();
    const out = waitMs > 0 ? later(waitMs).then(() => this.start(load)) : this.start(load);
    if (out instanceof Promise) {
      this.joined = out;
      // Calls that wait get the error; a load that another resource made necessary may have none.
      ignoreRejection(out);
    }
    return out;
  }

  private start(load: Load): Instance | Promise<Instance> {
    this.loads++;
    changed(this);
    let value: unknown;
    try {
      value = load.run();
    } catch (error) {
      throw this.failed(load, error);
    }
    if (!isThenable(value)) return this.loaded(load, value);
    return (value as Promise<unknown>).then(
      (settled) => this.loaded(load, settled),
      (error) => {
        throw this.failed(load, error);
      },
    );
  }

  private loaded(load: Load, value: unknown): Instance {
    const before = this.live;
    const instance = new Instance(load.declaration, value, load.used);
    this.ended(load);
    this.live = instance;
    this.failures = 0;
    this.retryAt = 0;
    this.error = undefined;
    keep(instance, () => this.end(instance));
    changed(this);
    if (before !== null) this.giveUp(before).catch(warnOf);
    return instance;
  }

  private failed(load: Load, cause: unknown): unknown {
    this.ended(load);
    for (const used of load.used) used.release();
    const delayMs = load.declaration.backoff.delayMs(++this.failures, cause);
    this.retryAt = Date.now() + delayMs;
    this.error = isOwn(cause) ? cause : load.declaration.failure(cause);
    changed(this);
    // Calls go on with the old version, so somebody has to see to the new one.
    if (this.live !== null) unref(setTimeout(() => changed(this), delayMs));
    return this.error;
  }

  private ended(load: Load): void {
    this.last = load;
    this.loading = null;
    this.joined = undefined;
    hasLoaded(this);
  }

  /** Loads the new version while the old one serves. */
  private renew(): void {
    if (Date.now() < this.retryAt) return;
    try {
      const out = this.load();
      if (isThenable(out)) ignoreRejection(out);
    } catch {
      // It is tried again after the back-off.
    }
  }

  private giveUp(instance: Instance): Promise<void> {
    return instance.retire().finally(() => letGo(instance));
  }
}

function scopeDiffers(known: Declaration, next: Declaration): string | undefined {
  return known.scope === next.scope ? undefined : `the scope ${JSON.stringify(known.scope)}`;
}

/** Whether an error is one of Runlane's own about resources, which says enough by itself. */
function isOwn(cause: unknown): boolean {
  return (
    cause instanceof RunlaneError &&
    /^RUNLANE_RESOURCE_(?:CYCLE|TIMEOUT|NOT_SHAREABLE|SCOPE)$/.test((cause as RunlaneError).code)
  );
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
