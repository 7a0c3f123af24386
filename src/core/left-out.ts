import type { RunnableConfig } from "./config.ts";
import { runlaneError } from "./errors/errors.ts";

/**
 * A config goes to a worker without the values that cannot travel. There, reading such a key is an error that names it; listing and copying
 * the config is none. The getters are on prototypes, which copies do not have, so contexts give them theirs again.
 */

/** The key under which a config that travels lists the values that were left out: paths and reasons by turns. */
const LIST = "runlane:left-out";

/** The key under which a config in a worker, and copies of it, have the prototypes of their parts. */
const PROTOTYPES = Symbol.for("runlane.leftOut");

/** The parts of a config that calls copy: the config itself (`""`), and the objects that are merged key by key. */
const PARTS = ["", "metadata", "configurable"] as const;
type Prototypes = { [part in (typeof PARTS)[number]]?: object };

/** One value that does not travel. */
export interface LeftOut {
  /** The keys that lead to the value, from the config on. */
  readonly path: readonly string[];
  /** The reason why the value does not travel, as the end of a sentence. */
  readonly reason: string;
}

/** Notes in a config that is about to travel which values are left out. */
export function noteLeftOut(data: Record<string, unknown>, leftOut: readonly LeftOut[]): void {
  if (leftOut.length > 0) data[LIST] = leftOut.flatMap(({ path, reason }) => [JSON.stringify(path), reason]);
}

/** A config that has travelled, as functions see it. */
export function withLeftOut(data: RunnableConfig | undefined): RunnableConfig | undefined {
  if (data === undefined || !Object.hasOwn(data, LIST)) return data;
  const { [LIST]: list, ...config } = data as RunnableConfig & { [LIST]: readonly string[] };
  const prototypes: Prototypes = {};
  for (let at = 0; at < list.length; at += 2) {
    const path = JSON.parse(list[at]!) as string[];
    const part = path.length === 1 ? "" : path.length === 2 ? PARTS.find((one) => one === path[0]) : undefined;
    if (part !== undefined) prototypes[part] ??= Object.create(Object.prototype) as object;
    const prototype = part === undefined ? prototypeFor(containerOf(config, path)) : prototypes[part]!;
    addGetter(prototype, path, list[at + 1]!);
  }
  return Object.assign(config, { [PROTOTYPES]: prototypes });
}

/** Whether a value of a config, or of a part of one, was left out. */
export function hasLeftOut(config: object): boolean {
  return (config as { [PROTOTYPES]?: Prototypes })[PROTOTYPES] !== undefined;
}

/** Hands the notes of left-out values on to a copy that was made key by key. */
export function copyLeftOut(from: object, to: object): void {
  const prototypes = (from as { [PROTOTYPES]?: Prototypes })[PROTOTYPES];
  if (prototypes !== undefined) Object.assign(to, { [PROTOTYPES]: prototypes });
}

/** Gives a copy of a config the getters for left-out values. */
export function keepLeftOut(config: RunnableConfig): void {
  const prototypes = (config as { [PROTOTYPES]?: Prototypes })[PROTOTYPES];
  if (prototypes === undefined) return;
  for (const part of PARTS) {
    const prototype = prototypes[part];
    if (prototype === undefined) continue;
    if (part === "") Object.setPrototypeOf(config, prototype);
    else if (config[part] !== undefined && Object.getPrototypeOf(config[part]) !== prototype)
      config[part] = Object.assign(Object.create(prototype), config[part]);
  }
}

function containerOf(config: RunnableConfig, path: readonly string[]): object {
  return path.slice(0, -1).reduce((part, key) => part[key], config);
}

function prototypeFor(container: object): object {
  const prototype = Object.create(Object.prototype) as object;
  // The getters that it has already are above.
  Object.setPrototypeOf(prototype, Object.getPrototypeOf(container));
  Object.setPrototypeOf(container, prototype);
  return prototype;
}

function addGetter(prototype: object, path: readonly string[], reason: string): void {
  const key = path.at(-1)!;
  Object.defineProperty(prototype, key, {
    configurable: true,
    get() {
      throw runlaneError("RUNLANE_CONFIG_LEFT_OUT", { path: ["config", ...path].join("."), reason });
    },
    set(value) {
      Object.defineProperty(this, key, { value, writable: true, enumerable: true, configurable: true });
    },
  });
}
