import type { RunnableConfig } from "./config.ts";
import { runlaneError } from "./errors/errors.ts";

/**
 * A config goes to a worker without what cannot travel. There, reading such a key is an error that names it; listing and copying the config
 * is none. The getters are on prototypes, which copies do not have, so contexts give them theirs again.
 */

/** The key under which a config that travels says what it does without: paths and reasons by turns. */
const LIST = "runlane:left-out";

/** The key under which a config in a worker, and copies of it, have the prototypes of their parts. */
const PROTOTYPES = Symbol.for("runlane.leftOut");

/** The parts that calls copy: the config itself (`""`), and what is merged key by key. */
const PARTS = ["", "metadata", "configurable"] as const;
type Prototypes = { [part in (typeof PARTS)[number]]?: object };

/** One value that does not travel. */
export interface LeftOut {
  /** Its keys, from the config on. */
  readonly path: readonly string[];
  /** Why it does not, as the end of a sentence. */
  readonly reason: string;
}

/** Notes in a config that is about to travel what it does without. */
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

/** Whether a config, or a part of it, does without something. */
export function hasLeftOut(config: object): boolean {
  return (config as { [PROTOTYPES]?: Prototypes })[PROTOTYPES] !== undefined;
}

/** Hands what a config does without on to a copy that was made key by key. */
export function copyLeftOut(from: object, to: object): void {
  const prototypes = (from as { [PROTOTYPES]?: Prototypes })[PROTOTYPES];
  if (prototypes !== undefined) Object.assign(to, { [PROTOTYPES]: prototypes });
}

/** Gives a copy of a config the getters of what the config did without. */
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
