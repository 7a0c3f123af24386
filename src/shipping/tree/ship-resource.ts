import { runlaneError } from "../../core/errors/errors.ts";
import { isPlainObject } from "../../core/plain-object.ts";
import { isThenable } from "../../core/thenable.ts";
import type { Declaration, ResourceOptions, ResourceUses } from "../../resources/declaration.ts";
import { declareShipped, giveShared } from "../../resources/registry.ts";
import { Resource } from "../../resources/resource.ts";
import type { ResourceSlot } from "../../resources/slot.ts";
import type { ResourceScope } from "../../resources/status.ts";
import { pack, unpack } from "../data/pack.ts";
import type { FunctionRef, ShipOptions } from "../functions/function-ref.ts";
import type { Ship, ShippedUses, UseRevivers } from "./uses.ts";

interface Named {
  readonly name: string;
  readonly scope: ResourceScope;
  readonly version?: string | number | undefined;
  readonly warm: boolean;
}

/** A resource as plain data: how a worker loads its own, or the memory that all threads share. */
export type ShippedResource =
  | (Named & {
      readonly as: "resource";
      /** The number of the declaration in the sender. */
      readonly id: number;
      readonly load: FunctionRef;
      readonly dispose?: FunctionRef | undefined;
      readonly uses: ShippedUses;
      readonly options: Pick<ResourceOptions, "timeoutMs" | "retry">;
    })
  | (Named & { readonly as: "shared"; readonly value: unknown });

interface Destination {
  readonly where: string;
  readonly shared: boolean;
}

type ShipUses = (options: ShipOptions, ship: Ship) => ShippedUses;

/** The key under which the data of a shared resource leads back to the resource. Structured cloning leaves it out. */
const SLOT = Symbol("slot");

/**
 * @throws RUNLANE_RESOURCE_SCOPE when that lane cannot have the resource; RUNLANE_CAPTURED_VARIABLE and RUNLANE_NOT_SHIPPABLE when its
 * functions cannot travel
 */
export function shipResource(
  slot: ResourceSlot,
  { where, shared }: Destination,
  ship: Ship,
  shipUses: ShipUses,
): ShippedResource {
  const { name, scope, version, warm } = slot.declaration;
  const quoted = JSON.stringify(name);
  if (scope === "process" || (scope === "shared" && !shared)) {
    const lane = shared ? "thread" : "process";
    throw runlaneError("RUNLANE_RESOURCE_SCOPE", { where, name: quoted, scope: JSON.stringify(scope), lane });
  }
  if (scope === "shared") return sharedOf(slot, { name, scope, version, warm });
  return shipDeclaration(slot.declaration, { where, shared }, ship, shipUses);
}

/** One version of a resource that each worker loads itself. */
export function shipDeclaration(
  { id, name, scope, version, warm, timeoutMs, retry, uses, ...functions }: Declaration,
  { where, shared }: Destination,
  ship: Ship,
  shipUses: ShipUses,
): ShippedResource {
  const quoted = JSON.stringify(name);
  const inside = { where: `${where}, the loader of the resource ${quoted}`, shared };
  const load = ship(functions.load, { ...inside, uses: undefined });
  const dispose =
    functions.dispose &&
    ship(functions.dispose, { where: `${where}, the dispose function of the resource ${quoted}`, shared });
  return {
    as: "resource",
    name,
    scope,
    version,
    warm,
    id,
    load,
    dispose,
    uses: shipUses({ ...inside, uses }, ship),
    options: { timeoutMs, retry },
  };
}

/** The data of a resource that threads share. Its value is taken when the data is sent: it is loaded by then, see {@link loadShared}. */
function sharedOf(slot: ResourceSlot, named: Named): ShippedResource {
  let last: unknown;
  const shipped: ShippedResource = {
    as: "shared",
    ...named,
    get value() {
      const { live } = slot;
      if (live !== null) last = pack(live.value, `the resource ${JSON.stringify(named.name)}`).value;
      return last;
    },
  };
  return Object.defineProperty(shipped, SLOT, { value: slot });
}

/** The resources that shipped data brings with it, those that they use themselves included. */
export function shippedResources(shipped: unknown): ShippedResource[] {
  const found = new Map<string, ShippedResource>();
  const seen = new Set<object>();
  function look(part: unknown): void {
    if (typeof part !== "object" || part === null || seen.has(part)) return;
    seen.add(part);
    const { as } = part as { as?: unknown };
    if (as === "value") return;
    if (as === "resource" || as === "shared") found.set((part as ShippedResource).name, part as ShippedResource);
    if (as === "shared") return;
    if (Array.isArray(part)) for (const element of part) look(element);
    else if (isPlainObject(part)) for (const field of Object.values(part)) look(field);
  }
  look(shipped);
  return [...found.values()];
}

/** The resource of this thread whose value all threads share; undefined for one that each worker loads. */
export function slotOfShipped(shipped: ShippedResource): ResourceSlot | undefined {
  return (shipped as { [SLOT]?: ResourceSlot })[SLOT];
}

/** Loads the resources that must be loaded here before the data can be sent; undefined when all are loaded. */
export function loadShared(resources: readonly ShippedResource[]): Promise<unknown> | undefined {
  const waiting = resources.flatMap((shipped) => {
    const slot = slotOfShipped(shipped);
    if (slot === undefined) return [];
    try {
      const instance = slot.use();
      return isThenable(instance) ? [instance] : [];
    } catch (error) {
      return [Promise.reject(error)];
    }
  });
  return waiting.length === 0 ? undefined : Promise.all(waiting);
}

/** The resource of this thread that the data stands for. */
export async function reviveResource(
  shipped: ShippedResource,
  reviveLoader: UseRevivers["reviveLoader"],
  usesOf: (shipped: ShippedUses) => Promise<ResourceUses>,
): Promise<Resource> {
  const { name, version, warm } = shipped;
  if (shipped.as === "shared") return new Resource(giveShared(name, unpack(shipped.value), { version, warm }));
  const { id, options } = shipped;
  const dispose = shipped.dispose && reviveLoader(shipped.dispose);
  const uses = await usesOf(shipped.uses);
  const load = reviveLoader(shipped.load);
  return new Resource(
    declareShipped(id, name, load as never, { ...options, version, warm, uses, dispose: dispose as never }),
  );
}
