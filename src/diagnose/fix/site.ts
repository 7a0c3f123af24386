import type { SyntaxNode } from "../../shipping/functions/parse.ts";
import { sourceStart } from "../../shipping/functions/source-location.ts";
import { isFunction, methodOf, nodesIn } from "../../shipping/functions/walk-syntax.ts";
import { Refusal, type StepFunction } from "./change.ts";
import type { Source } from "./source.ts";

/** The place in a source where a step is made of a function. */
export interface Site {
  readonly source: Source;
  readonly func: SyntaxNode;
  /** The expression that stands for the step: the function itself, or its name. */
  readonly place: SyntaxNode;
  /** `RunnableLambda.from(place, ...)` or `RunnableLambda.batched(place, ...)`, where it is written so. */
  readonly call: SyntaxNode | undefined;
  /** The name of the function, if it is declared by itself. */
  readonly name: string | undefined;
}

/** The file in which a function is written. @throws Refusal */
export function fileOf(func: StepFunction): string {
  const file = sourceStart(func)?.file;
  if (file === undefined) throw new Refusal("it is not known where its function is written");
  return file;
}

/** @throws Refusal when the step is not made in one place of the file */
export function siteOf(source: Source, func: StepFunction): Site {
  const { line, column } = sourceStart(func)!;
  const offset = source.offsetOf(line, column);
  let found: SyntaxNode | undefined;
  // The last one is the innermost.
  for (const node of nodesIn(source.program))
    if (isFunction(node) && node.start <= offset && offset < node.end) found = node;
  if (found === undefined || Boolean(found.async) !== isAsync(func))
    throw new Refusal("its function is not found in the file, which may have changed since it was loaded");
  const name = nameOf(source, found);
  const place = name === undefined ? source.outermost(found) : onlyUse(source, name);
  if (isField(source, place)) throw new Refusal("its function is a field of a constructor's");
  return { source, func: found, place, call: callAround(source, place), name };
}

/** `{ func: place }` in `new RunnableLambda({ func: place })`. */
function isField(source: Source, place: SyntaxNode): boolean {
  const property = source.parentOf(place);
  const object = property?.type === "Property" ? source.parentOf(property) : undefined;
  return object !== undefined && source.parentOf(object)?.type === "NewExpression";
}

function isAsync(func: StepFunction): boolean {
  return /^Async/.test(func.constructor.name);
}

/** The name of a function that is declared by itself: `function f() {}`, `const f = () => {}`. */
function nameOf(source: Source, func: SyntaxNode): string | undefined {
  if (func.type === "FunctionDeclaration") return func.id?.name;
  const outer = source.outermost(func);
  const parent = source.parentOf(outer);
  if (parent?.type === "VariableDeclarator" && parent.init === outer) return parent.id.name;
  if (parent?.type === "MethodDefinition" || (parent?.type === "Property" && (parent.method || parent.kind !== "init")))
    throw new Refusal("it is a method of an object");
  return undefined;
}

function onlyUse(source: Source, name: string): SyntaxNode {
  const uses = source.usesOf(name);
  const parent = uses.length === 1 ? source.parentOf(source.outermost(uses[0]!)) : undefined;
  if (parent?.type === "VariableDeclarator" || parent?.type === "AssignmentExpression")
    throw new Refusal(`${name} is given another name there`);
  if (uses.length === 1) return source.outermost(uses[0]!);
  throw new Refusal(
    uses.length === 0 ? `${name} is used in another file` : `${name} is used in ${uses.length} places, not in one`,
  );
}

/** `RunnableLambda.from(place, ...)` around a place. */
function callAround(source: Source, place: SyntaxNode): SyntaxNode | undefined {
  const call = source.parentOf(place);
  if (call?.type !== "CallExpression" || call.arguments[0] !== place) return undefined;
  const called = methodOf(call);
  const isMaker = called !== undefined && /^(?:from|batched)$/.test(called.method);
  return isMaker && isRunnableLambda(source, called.receiver) ? call : undefined;
}

/** `RunnableLambda`, by whichever name it is imported; `runlane.RunnableLambda`. */
function isRunnableLambda(source: Source, node: SyntaxNode): boolean {
  if (node.type === "MemberExpression") return !node.computed && node.property.name === "RunnableLambda";
  const imported = source.importOf(node.name)?.specifier.imported as SyntaxNode | undefined;
  return (imported?.name ?? node.name) === "RunnableLambda";
}

/** The call of a method on a step or on what has been made of it: `.withRetry(...)` in `step.withConfig(...).withRetry(...)`. */
export function methodCall({ source, call, place }: Site, method: string): SyntaxNode | undefined {
  let node = source.outermost(call ?? place);
  for (;;) {
    const member = source.parentOf(node);
    const outer = member && source.parentOf(member);
    if (member?.type !== "MemberExpression" || member.object !== node || outer?.type !== "CallExpression")
      return undefined;
    if (outer.callee !== member) return undefined;
    if (!member.computed && member.property.name === method) return outer;
    node = source.outermost(outer);
  }
}
