import { addKind, buildNode, type Kind, type RunnableNode } from "../core/kinds.ts";
import type { Draw } from "../graph/graph-of.ts";
import { noteUnsaved, type SavedAs, saveAs } from "./load/saved-class.ts";
import type { Runnable } from "./runnable.ts";

export type { RunnableNode } from "../core/kinds.ts";

/** The class of a kind. */
export interface RunnableClass<Instance> {
  // biome-ignore lint/suspicious/noExplicitAny: a class knows its own fields, and checks them
  new (fields: any): Instance;
  readonly prototype: Instance;
  readonly name: string;
  lc_name(): string;
}

/** All that a kind says about itself: see {@link Kind}. */
export interface KindDefinition<Instance extends Runnable> extends Omit<Kind, "build" | "draw" | "unsaved"> {
  readonly type: RunnableClass<Instance>;
  /** Makes the runnable of a node. @default `new type(node)` */
  // biome-ignore lint/suspicious/noExplicitAny: a kind knows the fields of its own nodes
  build?(node: any): Runnable;
  readonly draw?: Draw | undefined;
  /** How instances are saved in LangChain's form, or why they cannot be. */
  readonly saved: SavedAs<Instance> | string;
}

/**
 * Defines a kind of runnables, all that there is to say of it. Each class does this in its own file, so that neither the base class nor
 * what walks through trees imports it.
 *
 * @param name That of the class without "Runnable", and of the file.
 */
export function defineKind<Instance extends Runnable>(name: string, definition: KindDefinition<Instance>): void {
  const { type, build = (node) => new type(node), saved, ...rest } = definition;
  if (typeof saved === "string") noteUnsaved(type.lc_name(), saved);
  else saveAs(type, saved);
  addKind(name, { ...rest, build, unsaved: typeof saved === "string" ? saved : undefined });
}

/** The runnable of a node. @throws RUNLANE_UNKNOWN_KIND */
export function fromNode(node: RunnableNode): Runnable {
  return buildNode(node) as Runnable;
}
