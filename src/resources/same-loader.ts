import { isPlainObject } from "../core/plain-object.ts";
import type { Declaration } from "./declaration.ts";
import { slotOf } from "./resource.ts";

// biome-ignore lint/complexity/noBannedTypes: functions of all types are compared
type Func = Function;

/** The key under which a function has the ref of its module. */
const MODULE_REF = Symbol.for("runlane.module-ref");

let isSelfContained: (func: Func) => boolean = () => false;

/** Sets the check whether the source of a function says everything about it; the room above has it. */
export function trustSources(check: typeof isSelfContained): void {
  isSelfContained = check;
}

/** The difference of two declarations of one name and version; undefined when they are the same. */
export function differenceOf(known: Declaration, next: Declaration): string | undefined {
  if (!isSameFunction(known.load, next.load)) return "another loader";
  if (known.scope !== next.scope) return `the scope ${JSON.stringify(known.scope)}`;
  if (!isSameValue(known.dispose, next.dispose)) return "another dispose function";
  return isSameValue(known.uses, next.uses) ? undefined : "other uses";
}

/**
 * Whether two functions do the same: they are one, they are the same export of a module, or they have the same source and take nothing
 * from around it.
 */
function isSameFunction(one: Func, other: Func): boolean {
  if (one === other) return true;
  const [module, otherModule] = [moduleOf(one), moduleOf(other)];
  if (module !== undefined || otherModule !== undefined) return module === otherModule;
  const [text, otherText] = [one, other].map((func) => Function.prototype.toString.call(func));
  return text === otherText && isSelfContained(one) && isSelfContained(other);
}

function moduleOf(func: Func): string | undefined {
  const ref = (func as { [MODULE_REF]?: { url: string; exportName: string } })[MODULE_REF];
  return ref && `${ref.url}#${ref.exportName}`;
}

function isSameValue(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one === "function" && typeof other === "function") return isSameFunction(one, other);
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  const [slot, otherSlot] = [slotOf(one), slotOf(other)];
  if (slot !== undefined || otherSlot !== undefined) return slot === otherSlot;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  if (!Array.isArray(one) && !isPlainObject(one)) return false;
  const keys = Object.keys(one) as (keyof typeof one)[];
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSameValue(one[key], (other as Record<string, unknown>)[key]))
  );
}
