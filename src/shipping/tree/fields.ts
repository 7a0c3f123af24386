import { describe } from "../../core/errors/errors.ts";
import type { FieldType } from "../../core/kinds.ts";
import type { Step } from "../../core/step.ts";
import { pack, unpack } from "../data/pack.ts";
import type { FunctionRef } from "../functions/function-ref.ts";
import type { ShippedTree } from "./ship-tree.ts";

/** The means of shipping a field. */
export interface FieldShipping {
  /** The name in errors of the step that has the field. */
  readonly where: string;
  /** Whether the other side shares memory with this thread. */
  readonly shared: boolean;
  step(runnable: object): ShippedTree;
  // biome-ignore lint/complexity/noBannedTypes: functions of all types are shipped
  func(func: Function): FunctionRef;
  /** @throws RUNLANE_NOT_SHIPPABLE */
  refuse(reason: string): never;
}

/** Makes the parts of a field in this thread. */
export interface FieldReviving {
  step(shipped: ShippedTree): Promise<Step>;
  func(ref: FunctionRef): Promise<unknown>;
}

/** How a field of a node travels. */
export interface Field {
  // biome-ignore lint/suspicious/noExplicitAny: each kind knows its own fields
  ship(value: any, shipping: FieldShipping, name: string): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  revive(shipped: any, reviving: FieldReviving): unknown;
}

type Entries<T> = Record<string, T>;

const DATA: Field = {
  ship: (value, { where, shared }, name) => pack(value, where, { root: name, shared }).value,
  revive: unpack,
};

const FUNCTION: Field = {
  ship: (func, { func: ship }) => ship(func),
  revive: (ref: FunctionRef, { func }) => func(ref),
};

const STEP: Field = {
  ship: (runnable, { step }) => step(runnable),
  revive: (shipped: ShippedTree, { step }) => step(shipped),
};

const STEPS: Field = listOf(STEP);

const STEP_PAIRS: Field = listOf(STEPS);

const STEP_MAP: Field = {
  ship: (steps: Entries<object>, shipping) =>
    Object.fromEntries(Object.entries(steps).map(([key, step]) => [key, shipping.step(step)])),
  revive: async (shipped: Entries<ShippedTree>, { step }) =>
    Object.fromEntries(await Promise.all(Object.entries(shipped).map(async ([key, one]) => [key, await step(one)]))),
};

/** A bound config. Callbacks and signals of this thread cannot travel and are refused. */
const CONFIG: Field = {
  ship(config: Entries<unknown>, shipping, name) {
    for (const key of ["callbacks", "signal"]) {
      if (config[key] !== undefined) shipping.refuse(`has ${key} bound to it; bind them around the step with the lane`);
    }
    return DATA.ship(config, shipping, name);
  },
  revive: unpack,
};

/** Classes of errors that every thread has, or a function of an error. */
const ERROR_CLASSES: Field = {
  ship(which: unknown, shipping) {
    if (typeof which === "function") return FUNCTION.ship(which, shipping, "");
    return (which as { name: string }[]).map((errors) => {
      if ((globalThis as Entries<unknown>)[errors.name] === errors) return errors.name;
      return shipping.refuse(
        `falls back on errors of ${describe(errors)}, which another thread does not know; tell them apart in a function instead: exceptionsToHandle: (error) => error.name === "..."`,
      );
    });
  },
  revive: (shipped: FunctionRef | string[], reviving) =>
    Array.isArray(shipped)
      ? shipped.map((name) => (globalThis as Entries<unknown>)[name])
      : FUNCTION.revive(shipped, reviving),
};

function listOf(field: Field): Field {
  return {
    ship: (values: unknown[], shipping, name) => values.map((value) => field.ship(value, shipping, name)),
    revive: (shipped: unknown[], reviving) => Promise.all(shipped.map((one) => field.revive(one, reviving))),
  };
}

/** How each type of field travels. */
const FIELDS: Readonly<Record<Extract<FieldType, string>, Field | null>> = {
  data: DATA,
  function: FUNCTION,
  config: CONFIG,
  errorClasses: ERROR_CLASSES,
  step: STEP,
  steps: STEPS,
  stepPairs: STEP_PAIRS,
  stepMap: STEP_MAP,
  // The `uses` of a function are part of its ref.
  uses: null,
  local: null,
};

/** How a field of this type travels; null for one that is not sent by itself. */
export function fieldFor(type: FieldType): Field | null {
  return typeof type === "string" ? FIELDS[type] : staying(type.stays);
}

function staying(reason: string): Field {
  return { ship: (_, { refuse }) => refuse(reason), revive: (shipped) => shipped };
}
