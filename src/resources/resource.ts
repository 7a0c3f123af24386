/// <reference lib="esnext.disposable" preserve="true" />
import type { ResourceSlot } from "./slot.ts";
import type { ResourceScope, ResourceStatus } from "./status.ts";

/** The key under which a resource has its slot: the mark of resources, also across two copies of the package. */
const RESOURCE: unique symbol = Symbol.for("runlane.resource") as never;

/**
 * Something heavy that is loaded once in each place that needs it: a model, a dictionary, a connection. Made by {@link resource}; a
 * function that names it in `uses` finds its value in `config.uses`.
 *
 * @example
 * ```ts
 * import { type Resource, resource } from "runlane";
 *
 * const words: Resource<Set<string>> = resource("words", () => new Set(["to", "be"]));
 * console.log((await words.get()).has("be"), words.status.state); // true ready
 * await words.dispose();
 * ```
 *
 * @typeParam Value The value that the loader gives.
 */
export class Resource<Value = unknown> {
  /** @internal */
  readonly [RESOURCE]: ResourceSlot;

  /** @internal */
  constructor(slot: ResourceSlot) {
    this[RESOURCE] = slot;
  }

  /** The name of the resource. */
  get name(): string {
    return this[RESOURCE].name;
  }

  /** The places that the resource may have. */
  get scope(): ResourceScope {
    return this[RESOURCE].declaration.scope;
  }

  /** The version that is declared now. */
  get version(): string | number | undefined {
    return this[RESOURCE].declaration.version;
  }

  /**
   * The value in this thread, loaded if it is not yet: for code outside of any runnable.
   *
   * @throws RUNLANE_RESOURCE_LOAD, RUNLANE_RESOURCE_TIMEOUT, RUNLANE_RESOURCE_CYCLE
   */
  async get(): Promise<Value> {
    return (await this[RESOURCE].use()).value as Value;
  }

  /**
   * Gives up the value in this thread, once the calls and the resources that use it have ended. The next use loads it again.
   *
   * @throws RUNLANE_RESOURCE_DISPOSE
   */
  dispose(): Promise<void> {
    return this[RESOURCE].dispose();
  }

  /** The state of the resource in this thread. */
  get status(): ResourceStatus {
    return this[RESOURCE].status;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** The slot of a resource; undefined for everything else. */
export function slotOf(thing: unknown): ResourceSlot | undefined {
  return typeof thing === "object" && thing !== null ? (thing as { [RESOURCE]?: ResourceSlot })[RESOURCE] : undefined;
}

/** The slots of the resources among the values of an object, by key. */
export function slotsIn(uses: Readonly<Record<string, unknown>>): [key: string, slot: ResourceSlot][] {
  const slots: [string, ResourceSlot][] = [];
  for (const [key, value] of Object.entries(uses)) {
    const slot = slotOf(value);
    if (slot !== undefined) slots.push([key, slot]);
  }
  return slots;
}
