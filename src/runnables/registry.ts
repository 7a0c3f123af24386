import { describe, runlaneError } from "../core/errors/errors.ts";
import type { Runnable } from "./runnable.ts";

/**
 * What a runnable is, as plain data: its kind and what that kind is made of. Child steps stand in it as runnables.
 */
export interface RunnableNode {
  readonly kind: string;
  readonly name?: string | undefined;
  readonly [field: string]: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: a kind knows the fields of its own nodes
type Build = (node: any) => Runnable;

const kinds = new Map<string, Build>();

/** Tells how nodes of one kind become runnables. Each class does this for its kind, so the base class imports none of them. */
export function defineKind(kind: string, build: Build): void {
  kinds.set(kind, build);
}

/** The runnable of a node. @throws RUNLANE_UNKNOWN_KIND */
export function fromNode(node: RunnableNode): Runnable {
  const build = kinds.get(node.kind);
  if (build === undefined) throw runlaneError("RUNLANE_UNKNOWN_KIND", { received: describe(node.kind) });
  return build(node);
}
