import { setOwn } from "../../core/own.ts";
import { ask } from "../../core/platform.ts";
import { slotOf } from "../../resources/resource.ts";
import { trustSources } from "../../resources/same-loader.ts";
import { bindUses } from "../../resources/use-resources.ts";
import { pack, unpack } from "../data/pack.ts";
import type { FunctionRef, ShipOptions } from "../functions/function-ref.ts";
import { reader } from "../functions/load-reader.ts";
import { reviveResource, type ShippedResource, shipResource } from "./ship-resource.ts";

/** The `uses` of a function, as plain data. */
export type ShippedUses = Readonly<Record<string, ShippedUse>>;

export type ShippedUse =
  | { readonly as: "value"; readonly value: unknown }
  | { readonly as: "function"; readonly ref: FunctionRef }
  | ShippedResource;

// biome-ignore lint/complexity/noBannedTypes: functions of all types are shipped
export type Ship = (func: Function, options: ShipOptions) => FunctionRef;

// Where that cannot be told yet, it is not trusted.
trustSources((func) => ask(() => "source" in reader().checkFunction(func), false));

/** Makes what a function uses ready for another thread: functions and resources by their source, all else as data. */
export function shipUses({ uses = {}, ...options }: ShipOptions, ship: Ship): ShippedUses {
  const shipped: Record<string, ShippedUse> = {};
  for (const [name, value] of Object.entries(uses)) setOwn(shipped, name, shipUse(name, value, options, ship));
  return shipped;
}

function shipUse(name: string, value: unknown, { where, shared = true }: ShipOptions, ship: Ship): ShippedUse {
  const inside = { where: `${where}, \`uses.${name}\``, shared };
  if (typeof value === "function") return { as: "function", ref: ship(value, inside) };
  const slot = slotOf(value);
  if (slot !== undefined) return shipResource(slot, { where, shared }, ship, shipUses);
  return { as: "value", value: pack(value, where, { root: `uses.${name}`, shared }).value };
}

/** The other side's way to make functions. */
export interface UseRevivers {
  // biome-ignore lint/complexity/noBannedTypes: functions of all types are revived
  reviveFunction(ref: FunctionRef): Promise<Function>;
  /** A loader, which is imported no sooner than it is called. */
  // biome-ignore lint/complexity/noBannedTypes: functions of all types are revived
  reviveLoader(ref: FunctionRef): Function;
}

/** Makes what a function uses from the data, once per worker. */
export async function reviveUses(shipped: ShippedUses, revivers: UseRevivers): Promise<Record<string, unknown>> {
  const uses: Record<string, unknown> = {};
  for (const [name, use] of Object.entries(shipped)) setOwn(uses, name, await reviveUse(use, revivers));
  return Object.freeze(uses);
}

export async function reviveUse(use: ShippedUse, revivers: UseRevivers): Promise<unknown> {
  if (use.as === "value") return unpack(use.value);
  if (use.as === "function") return revivers.reviveFunction(use.ref);
  return reviveResource(use, revivers.reviveLoader, (uses) => reviveUses(uses, revivers));
}

/** A function that gets `uses` in its config, wherever it runs. */
// biome-ignore lint/complexity/noBannedTypes: functions of all types use something
export function withUses(func: Function, uses: Readonly<Record<string, unknown>> | undefined): Function {
  return uses === undefined || Object.keys(uses).length === 0 ? func : bindUses(func, uses);
}
