import { describe, runlaneError } from "./errors/errors.ts";
import type { Step } from "./step.ts";

/** A runnable as plain data: its kind and the fields of that kind. Child steps stand in it as runnables. */
export interface RunnableNode {
  readonly kind: string;
  readonly name?: string | undefined;
  readonly [field: string]: unknown;
}

/** A field that keeps a runnable in its thread where it is set, with the reason. */
export interface Staying {
  readonly stays: string;
}

/**
 * The type of a field of a node. It decides where steps are found in a tree, and how the field travels to another thread
 * (shipping/tree/fields.ts). `stepPairs` are pairs of a condition and a step; `local` is a value of this thread, in kinds that stay.
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
  /** The fields of a node with their types, in the order of the steps in them. */
  readonly fields: Readonly<Record<string, FieldType>>;
  /** The reason why runnables of this kind do not travel to other threads. Those without a reason do, field by field. */
  readonly stays?: string | undefined;
  /** The reason why runnables of this kind cannot be saved in LangChain's form. Those without a reason can. */
  readonly unsaved?: string | undefined;
  /** The fields with steps that not every input reaches. */
  readonly conditional?: readonly string[] | undefined;
  /** The field with a step that gets batches of its own, whose stages are others than those of one input. */
  readonly batches?: string | undefined;
  /** Whether plans end here, because the inside is another library's or a subclass's own. */
  readonly opaque?: boolean | undefined;
  /** Whether the steps stand beside each other, and not after each other. */
  readonly fansOut?: boolean | undefined;
  /** Whether plans show the `bound` runnable in the place of this one. */
  readonly transparent?: boolean | undefined;
  /** Whether a lane begins here: the `bound` runnable runs elsewhere, and a worker has only that. */
  readonly entersLane?: boolean | undefined;
  /** Draws the graph; see `Draw` in graph/graph-of.ts. @default the graph of the `bound` runnable, or one box */
  // biome-ignore lint/suspicious/noExplicitAny: graphs belong to a room above this one, and a kind knows its own nodes
  draw?(runnable: any, node: any, config: unknown): unknown;
}

const kinds = new Map<string, Kind>();

/** Makes a kind known to all rooms. Its file calls this, by `defineKind`, so that nobody has to import that file. */
export function addKind(name: string, kind: Kind): void {
  kinds.set(name, kind);
}

/** The definition of a kind; undefined for kinds that nobody has defined. */
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
