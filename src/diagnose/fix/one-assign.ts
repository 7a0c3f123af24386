import type { SyntaxNode } from "../../shipping/functions/parse.ts";
import { methodOf } from "../../shipping/functions/walk-syntax.ts";
import { Refusal } from "./change.ts";
import type { Site } from "./site.ts";

/** Makes one `assign` of several that follow each other: by `pipe`, or in a list of steps. */
export function oneAssign(sites: readonly Site[]): void {
  const { source } = sites[0]!;
  const [first, ...others] = sites.map(assignAround);
  const { end, separator } = endOfProperties(sites[0]!, first!);
  let before = first!;
  for (const assign of others) {
    source.edits.appendLeft(end, separator + propertiesText(sites[0]!, assign));
    const parent = source.parentOf(assign);
    const isPiped =
      parent?.type === "CallExpression" && parent.arguments[0] === assign && methodOf(parent)?.method === "pipe";
    if (isPiped && follows(sites[0]!, parent, before)) {
      source.edits.remove(parent.callee.object.end, parent.end);
      before = parent;
    } else if (isNext(parent, before, assign)) {
      source.edits.remove(before.end, assign.end);
      before = assign;
    } else throw new Refusal("its assigns are not written one after the other");
  }
}

/** The call of `assign` that a function is a branch of. */
function assignAround({ source, place }: Site): SyntaxNode {
  let property = source.parentOf(place);
  // What is made of the function on the way is part of the branch.
  while (property !== undefined && property.type !== "Property") property = source.parentOf(property);
  const object = property && source.parentOf(property);
  const assign = object && source.parentOf(object);
  if (property?.type === "Property" && assign?.type === "CallExpression" && methodOf(assign)?.method === "assign")
    return assign;
  throw new Refusal("its assign is not written around its function");
}

/** Whether the chain in front of a `.pipe(...)` ends with a step. */
function follows({ source }: Site, { callee }: SyntaxNode, before: SyntaxNode): boolean {
  const object = source.innermost(callee.object);
  return object === before || (object.type === "CallExpression" && object.arguments[0] === before);
}

function isNext(parent: SyntaxNode | undefined, before: SyntaxNode, assign: SyntaxNode): boolean {
  const list = (parent?.elements ?? parent?.arguments) as SyntaxNode[] | undefined;
  return list !== undefined && list.indexOf(before) >= 0 && list.indexOf(before) === list.indexOf(assign) - 1;
}

/** Where more properties go, and what stands between two of them: lines of their own stay lines of their own. */
function endOfProperties({ source }: Site, assign: SyntaxNode): { end: number; separator: string } {
  const object = assign.arguments[0] as SyntaxNode;
  const properties = object.properties as SyntaxNode[];
  const head = source.text.slice(object.start + 1, properties[0]!.start);
  return {
    end: properties.at(-1)!.end,
    separator: head.includes("\n") ? `,${head.slice(head.search(/\r?\n/))}` : ", ",
  };
}

function propertiesText({ source }: Site, assign: SyntaxNode): string {
  const properties = assign.arguments[0].properties as SyntaxNode[];
  return source.text.slice(properties[0]!.start, properties.at(-1)!.end);
}
