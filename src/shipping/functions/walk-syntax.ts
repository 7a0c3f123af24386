import type { SyntaxNode } from "./parse.ts";

/** The nodes that a node is made of. */
export function* childrenOf(node: SyntaxNode): Iterable<SyntaxNode> {
  for (const child of Object.values(node)) {
    if (typeof child !== "object" || child === null) continue;
    if (Array.isArray(child)) {
      for (const one of child) if (typeof one?.type === "string") yield one;
    } else if (typeof child.type === "string") yield child;
  }
}

/** A node and all nodes inside, except in those that `enter` refuses. */
export function* nodesIn(node: SyntaxNode, enter: (node: SyntaxNode) => boolean = () => true): Iterable<SyntaxNode> {
  yield node;
  for (const child of childrenOf(node)) if (enter(child)) yield* nodesIn(child, enter);
}

export function isFunction(node: SyntaxNode | null | undefined): node is SyntaxNode {
  return /^(?:Function|ArrowFunction)/.test(node?.type ?? "");
}

/** The method that a call calls, and its receiver: `push` and `list` of `list.push(x)`. */
export function methodOf({ callee }: SyntaxNode): { receiver: SyntaxNode; method: string } | undefined {
  if (callee?.type !== "MemberExpression" || callee.computed) return undefined;
  return { receiver: callee.object, method: callee.property.name };
}
