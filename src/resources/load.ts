import { callOutside } from "../core/ambient.ts";
import { invalidOption, runlaneError } from "../core/errors/errors.ts";
import { ask } from "../core/platform.ts";
import { isThenable } from "../core/thenable.ts";
import type { Declaration, LoadContext } from "./declaration.ts";
import type { Instance } from "./instance.ts";
import { type Resource, slotOf, slotsIn } from "./resource.ts";
import { shareable } from "./shareable.ts";
import type { ResourceSlot } from "./slot.ts";

/** The longest delay that a JavaScript timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The lane whose worker this thread is, as the worker says; undefined in the thread of the program. */
export const workerOf: { lane: string | undefined } = { lane: undefined };

/** One load of a resource, with the loads that it waits for. */
export class Load {
  /** The instances that the resource uses: they must not be disposed of before it is. */
  readonly used: Instance[] = [];
  /** The time that the loader took, in milliseconds. */
  ms = 0;
  /** The growth of memory during the load, in bytes; null where that cannot be measured. */
  memory: number | null = null;
  private readonly waitsFor = new Set<ResourceSlot>();
  private controller: AbortController | undefined;

  constructor(
    private readonly slot: ResourceSlot,
    readonly declaration: Declaration,
  ) {}

  /** The value, or a promise of it. */
  run(): unknown {
    const uses: Record<string, unknown> = { ...this.declaration.uses };
    const waiting = slotsIn(uses).flatMap(([key, slot]) => {
      const used = this.dependOn(slot);
      if (!isThenable(used)) {
        uses[key] = (used as Instance).value;
        return [];
      }
      return [(used as Promise<Instance>).then(({ value }) => (uses[key] = value))];
    });
    return waiting.length === 0 ? this.call(uses) : Promise.all(waiting).then(() => this.call(uses));
  }

  /** The chain of resources from this one to another that it waits for, itself or through others. */
  pathTo(other: ResourceSlot): ResourceSlot[] | undefined {
    for (const slot of this.waitsFor) {
      const rest = slot === other ? [other] : slot.loading?.pathTo(other);
      if (rest !== undefined) return [this.slot, ...rest];
    }
    return undefined;
  }

  private call(uses: Record<string, unknown>): unknown {
    const { declaration } = this;
    if (declaration.scope === "process" && workerOf.lane !== undefined) {
      const details = { where: "A module in a worker", scope: '"process"', lane: workerOf.lane };
      throw runlaneError("RUNLANE_RESOURCE_SCOPE", { ...details, name: JSON.stringify(declaration.name) });
    }
    const startedAt = performance.now();
    const before = memoryUsed();
    const done = (value: unknown): unknown => {
      const given = declaration.scope === "shared" ? shareable(value, declaration.name) : value;
      this.ms = performance.now() - startedAt;
      const after = memoryUsed();
      this.memory = before === null || after === null ? null : Math.max(0, after - before);
      return given;
    };
    const load = this;
    const context: LoadContext = {
      uses,
      use: (other) => load.use(other),
      get signal() {
        load.controller ??= new AbortController();
        return load.controller.signal;
      },
    };
    // A resource outlives the run that happened to need it first.
    const value = callOutside(() => declaration.load(context));
    return isThenable(value) ? this.inTime(value).then(done) : done(value);
  }

  private async use<Value>(other: Resource<Value>): Promise<Value> {
    const slot = slotOf(other);
    const where = `The resource ${JSON.stringify(this.slot.name)}`;
    if (slot === undefined) throw invalidOption(where, "what it uses", "a resource", other);
    return (await this.dependOn(slot)).value as Value;
  }

  /** @throws RUNLANE_RESOURCE_CYCLE */
  private dependOn(slot: ResourceSlot): Instance | Promise<Instance> {
    const path = slot === this.slot ? [slot] : slot.loading?.pathTo(this.slot);
    if (path !== undefined) {
      const cycle = [this.slot, ...path].map(({ name }) => JSON.stringify(name)).join(" → ");
      throw runlaneError("RUNLANE_RESOURCE_CYCLE", { cycle });
    }
    this.waitsFor.add(slot);
    const got = (instance: Instance): Instance => {
      this.waitsFor.delete(slot);
      instance.hold();
      this.used.push(instance);
      return instance;
    };
    try {
      const used = slot.use();
      if (!isThenable(used)) return got(used as Instance);
      return (used as Promise<Instance>).then(got, (error) => {
        this.waitsFor.delete(slot);
        throw error;
      });
    } catch (error) {
      this.waitsFor.delete(slot);
      throw error;
    }
  }

  /** The value, if it comes in time. One that comes too late is disposed of, since nobody waits for it. */
  private inTime(loading: PromiseLike<unknown>): Promise<unknown> {
    const { name, timeoutMs } = this.declaration;
    if (timeoutMs === Number.POSITIVE_INFINITY) return Promise.resolve(loading);
    return new Promise((resolve, reject) => {
      let isLate = false;
      const timer = setTimeout(
        () => {
          isLate = true;
          const error = runlaneError("RUNLANE_RESOURCE_TIMEOUT", { name: JSON.stringify(name), timeoutMs });
          reject(error);
          this.controller?.abort(error);
        },
        Math.min(timeoutMs, MAX_TIMER_MS),
      );
      loading.then(
        (value) => {
          clearTimeout(timer);
          if (isLate) this.slot.discard(this.declaration, value);
          else resolve(value);
        },
        (error) => {
          clearTimeout(timer);
          reject(error);
        },
      );
    });
  }
}

/** The size of this thread's heap and of the memory outside that belongs to it, in bytes. */
function memoryUsed(): number | null {
  const usage = ask(() => globalThis.process?.memoryUsage?.(), undefined);
  return usage === undefined ? null : usage.heapUsed + usage.external;
}
