import { runlaneError } from "../../core/errors/errors.ts";
import { kindOf, type RunnableNode } from "../../core/kinds.ts";
import { MAX_LEVELS } from "../data/format.ts";
import { type FunctionRef, inspectFunction, shipFunction } from "../functions/function-ref.ts";
import { type FieldShipping, fieldFor } from "./fields.ts";

/** A tree of runnables as plain data: the nodes, with shipped trees instead of runnables and refs instead of functions. */
export type ShippedTree = { readonly kind: string; readonly [field: string]: unknown };

/** A runnable with a node. */
interface Described {
  readonly node: RunnableNode;
  readonly label: string;
}

/** The number of steps that may stand inside each other. A process reads up to two levels for each; threads have four times the stack. */
const MAX_STEPS = { shared: MAX_LEVELS, apart: MAX_LEVELS / 2 } as const;

/** The mark of Runlane's own runnables. */
const RUNLANE_STEP = Symbol.for("runlane.step");

export function isRunlaneStep(thing: object): boolean {
  return RUNLANE_STEP in thing;
}

export interface ShipTreeOptions {
  /** The beginning of error messages, for example `withLane("thread")`. */
  readonly where: string;
  /** Whether the other side shares memory with this one, as threads of one process do. @default true */
  readonly shared?: boolean;
  /** Refuses steps that are async, or may not do the same in every thread. @default false */
  readonly pure?: boolean;
}

/**
 * Makes a runnable, with all that is in it, ready to run in another thread. A step that stands several times in the tree travels once.
 *
 * @throws RUNLANE_NOT_SHIPPABLE, RUNLANE_CAPTURED_VARIABLE, RUNLANE_NOT_SERIALIZABLE
 */
export function shipTree(runnable: object, { where, shared = true, pure = false }: ShipTreeOptions): ShippedTree {
  const trees = new Map<object, ShippedTree>();
  const functions = new Map<unknown, FunctionRef>();
  const most = MAX_STEPS[shared ? "shared" : "apart"];
  let level = 0;

  function step(child: object): ShippedTree {
    let tree = trees.get(child);
    if (tree === undefined) {
      level++;
      tree = ship(child);
      level--;
      trees.set(child, tree);
    }
    return tree;
  }

  function ship(child: object): ShippedTree {
    const { node, label } = isRunlaneStep(child) ? (child as Described) : foreign(child);
    const at = `${where}, step ${JSON.stringify(label)}`;
    const refuse = (reason: string): never => {
      throw runlaneError("RUNLANE_NOT_SHIPPABLE", { where: at, what: "the step", reason });
    };
    if (level > most) return refuse(`stands inside of ${most} others`);
    const kind = kindOf(node);
    // A worker is where it runs already: a lane inside a lane would be a pool in each worker.
    if (kind?.entersLane) return step(node.bound as object);
    if (kind === undefined || kind.stays !== undefined) return refuse(kind?.stays ?? classReason(child));
    if (!Object.hasOwn(Object.getPrototypeOf(child), "node")) return refuse(classReason(child));
    const uses = node.uses as Record<string, unknown> | undefined;
    if (pure && uses !== undefined) refuseState(uses, refuse);
    const shipping: FieldShipping = {
      where: at,
      shared,
      step,
      refuse,
      func: (func) => {
        if (pure) refuseImpure(func, refuse);
        return shipOnce(func, at, uses);
      },
    };
    const tree: Record<string, unknown> = {};
    for (const [name, type] of Object.entries(kind.fields)) {
      const field = fieldFor(type);
      if (field !== null && node[name] !== undefined) tree[name] = field.ship(node[name], shipping, name);
    }
    return { ...tree, kind: node.kind };
  }

  // biome-ignore lint/complexity/noBannedTypes: functions of all types are shipped
  function shipOnce(func: Function, at: string, uses: Record<string, unknown> | undefined): FunctionRef {
    if (uses !== undefined) return shipFunction(func, { where: at, uses, shared });
    let ref = functions.get(func);
    if (ref === undefined) {
      ref = shipFunction(func, { where: at });
      functions.set(func, ref);
    }
    return ref;
  }

  return step(runnable);
}

// biome-ignore lint/complexity/noBannedTypes: functions of all types are shipped
function refuseImpure(func: Function, refuse: (reason: string) => never): void {
  const { shippable, pure, isAsync, reason } = inspectFunction(func);
  if (isAsync) refuse("is async");
  // A function that is not shippable says so itself, with lines.
  if (shippable && !pure) refuse(`may not do the same in a thread: ${reason}`);
}

/** Refuses objects in `uses`: the function, or others, may change them. */
function refuseState(uses: Record<string, unknown>, refuse: (reason: string) => never): void {
  for (const [name, value] of Object.entries(uses))
    if (typeof value === "object" && value !== null) refuse(`uses ${name}, an object that others may change`);
}

function foreign(runnable: object): Described {
  const name = (runnable as { getName?(): string }).getName?.() ?? runnable.constructor.name;
  return { node: { kind: "foreign" }, label: name };
}

/** A subclass may do anything, and only its module says what. */
function classReason(runnable: object): string {
  return `is of the class ${runnable.constructor.name}, which another thread does not know`;
}
