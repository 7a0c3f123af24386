import { describe, runlaneError } from "./errors/errors.ts";
import type { Step } from "./step.ts";

/** What a runnable is, as plain data: its kind and what that kind is made of. Child steps stand in it as runnables. */
export interface RunnableNode {
  readonly kind: string;
  readonly name?: string | undefined;
  readonly [field: string]: unknown;
}

/** A field that keeps a runnable in its thread where it is set, and why. */
export interface Staying {
  readonly stays: string;
}

/**
 * What a field of a node holds. It decides where steps are found in a tree, and how the field travels to another thread
 * (shipping/tree/fields.ts). `stepPairs` are pairs of a condition and a step; `local` is whatever only this thread has, in kinds that stay.
 */
export type FieldType =
  | "data"
  | "function"
  | "uses"
  | "config"
  | "errorClasses"
  | "step"
  | "steps"
  | "stepPairs"
  | "stepMap"
  | "local"
  | Staying;

/** Everything that the rooms need to know of one kind of runnable. */
export interface Kind {
  /** Makes the runnable of a node. */
  // biome-ignore lint/suspicious/noExplicitAny: a kind knows the fields of its own nodes
  build(node: any): Step;
  /** The fields of a node and what they hold, in the order of the steps in them. */
  readonly fields: Readonly<Record<string, FieldType>>;
  /** Why runnables of this kind do not travel to other threads; those without a reason do, field by field. */
  readonly stays?: string | undefined;
  /** Why they cannot be saved in LangChain's form; those without a reason can. */
  readonly unsaved?: string | undefined;
  /** The fields with steps that not every input reaches. */
  readonly conditional?: readonly string[] | undefined;
  /** The field with a step that is given batches of its own, whose stages are others than those of one input. */
  readonly batches?: string | undefined;
  /** Whether the inside is another library's, or a subclass's own, so that plans end here. */
  readonly opaque?: boolean | undefined;
  /** Whether the steps stand beside each other, and not after each other. */
  readonly fansOut?: boolean | undefined;
  /** Whether plans show what is `bound` in its place. */
  readonly transparent?: boolean | undefined;
  /** Whether a lane begins here: what is `bound` runs elsewhere, and in a worker there is nothing but that. */
  readonly entersLane?: boolean | undefined;
  /** Draws the graph; see `Draw` in graph/graph-of.ts. @default that of what is `bound`, or one box */
  // biome-ignore lint/suspicious/noExplicitAny: graphs belong to a room above this one, and a kind knows its own nodes
  draw?(runnable: any, node: any, config: unknown): unknown;
}

const kinds = new Map<string, Kind>();

/** Makes a kind known to all rooms. Its file calls this, by `defineKind`, so that nobody imports it to read what it says. */
export function addKind(name: string, kind: Kind): void {
  kinds.set(name, kind);
}

/** What a kind says about itself; undefined for kinds that nobody has defined. */
export function kindOf({ kind }: { readonly kind: string }): Kind | undefined {
  return kinds.get(kind);
}

/** All kinds by name, as far as their files have been loaded. */
export function allKinds(): ReadonlyMap<string, Kind> {
  return kinds;
}

/** The runnable of a node. @throws RUNLANE_UNKNOWN_KIND */
export function buildNode(node: RunnableNode): Step {
  const kind = kinds.get(node.kind);
  if (kind === undefined) throw runlaneError("RUNLANE_UNKNOWN_KIND", { received: describe(node.kind) });
  return kind.build(node);
}
