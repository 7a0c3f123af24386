import { pack, unpack } from "./data.ts";
import type { FunctionRef, ShipOptions } from "./function-ref.ts";

/** What a function uses, as plain data. */
export type ShippedUses = Readonly<Record<string, ShippedUse>>;

type ShippedUse =
  | { readonly as: "value"; readonly value: unknown }
  | { readonly as: "function"; readonly ref: FunctionRef }
  | {
      readonly as: "resource";
      readonly name: string;
      readonly load: FunctionRef;
      readonly dispose?: FunctionRef | undefined;
    };

/** The mark of resources: under it they say what they are made of. */
export const RESOURCE: unique symbol = Symbol.for("runlane.resource") as never;

/** What a worker needs to have a resource of its own. */
export interface ResourceParts {
  readonly name: string;
  // biome-ignore lint/complexity/noBannedTypes: the resource knows its type
  readonly load: Function;
  // biome-ignore lint/complexity/noBannedTypes: see above
  readonly dispose?: Function | undefined;
}

// biome-ignore lint/complexity/noBannedTypes: functions of all types are shipped
type Ship = (func: Function, options: ShipOptions) => FunctionRef;

/** Makes what a function uses ready for another thread: functions and resources by their source, all else as data. */
export function shipUses({ uses = {}, ...options }: ShipOptions, ship: Ship): ShippedUses {
  const shipped: Record<string, ShippedUse> = {};
  for (const [name, value] of Object.entries(uses)) shipped[name] = shipUse(name, value, options, ship);
  return shipped;
}

function shipUse(name: string, value: unknown, { where, shared = true }: ShipOptions, ship: Ship): ShippedUse {
  const inside = { where: `${where}, \`uses.${name}\``, shared };
  if (typeof value === "function") return { as: "function", ref: ship(value, inside) };
  const parts = (value as { [RESOURCE]?: ResourceParts } | null | undefined)?.[RESOURCE];
  if (parts === undefined) return { as: "value", value: pack(value, where, { root: `uses.${name}`, shared }).value };
  const load = ship(parts.load, inside);
  const dispose = parts.dispose && ship(parts.dispose, inside);
  return { as: "resource", name: parts.name, load, dispose };
}

/** How the other side makes what a function uses. */
export interface UseRevivers {
  // biome-ignore lint/complexity/noBannedTypes: functions of all types are revived
  reviveFunction(ref: FunctionRef): Promise<Function>;
  /** Gives the function's own view of a resource. */
  reviveResource?(parts: ResourceParts): unknown;
}

/** Makes what a function uses from the data, once per worker. */
export async function reviveUses(shipped: ShippedUses, revivers: UseRevivers): Promise<Record<string, unknown>> {
  const uses: Record<string, unknown> = {};
  for (const [name, use] of Object.entries(shipped)) uses[name] = await reviveUse(use, revivers);
  return Object.freeze(uses);
}

async function reviveUse(use: ShippedUse, { reviveFunction, reviveResource }: UseRevivers): Promise<unknown> {
  if (use.as === "value") return unpack(use.value);
  if (use.as === "function") return reviveFunction(use.ref);
  const load = await reviveFunction(use.load);
  const dispose = use.dispose && (await reviveFunction(use.dispose));
  return reviveResource?.({ name: use.name, load, dispose });
}

/** A function that gets `uses` in its config, wherever it runs. */
// biome-ignore lint/complexity/noBannedTypes: functions of all types use something
export function withUses(func: Function, uses: Readonly<Record<string, unknown>>): Function {
  if (Object.keys(uses).length === 0) return func;
  let last: object | undefined;
  let lastWithUses: object | undefined;
  const bound = (input: unknown, config: object | undefined): unknown => {
    // Most calls share one config.
    if (lastWithUses === undefined || config !== last) {
      last = config;
      lastWithUses = { ...config, uses };
    }
    return func(input, lastWithUses);
  };
  return Object.defineProperty(bound, "name", { value: func.name, configurable: true });
}
