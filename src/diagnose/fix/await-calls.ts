import type { SyntaxNode } from "../../shipping/functions/parse.ts";
import { type Awaited, awaitedForm, blockingCallsIn } from "../doctor/awaited.ts";
import { Refusal } from "./change.ts";
import type { Site } from "./site.ts";

/** Awaits the asynchronous forms of blocking calls in a function, which becomes an async one. */
export function awaitCalls({ source, func }: Site, calls: readonly string[]): void {
  if (func.generator === true) throw new Refusal("its function is a generator");
  const found = blockingCallsIn(func, calls);
  if (found.length === 0) throw new Refusal("the blocking call is made in another function");
  for (const { node, call } of found) {
    const { name, promisified } = formOf(call);
    const callee = node.callee as SyntaxNode;
    source.edits.overwrite(callee.start, callee.end, promisified ? `promisify(${name})` : name);
    source.edits.appendLeft(node.start, "(await ");
    source.edits.appendRight(node.end, ")");
  }
  for (const call of new Set(found.map((one) => one.call))) {
    const { name, from, promisified } = formOf(call);
    const blocking = call.slice(call.indexOf(".") + 1);
    const here = found.filter(({ node }) => node.callee.name === blocking).length;
    if (here > 0 && source.usesOf(blocking).length === here) source.replaceImport(blocking, name, from);
    else source.addImport(name, from);
    if (promisified) source.addImport("promisify", "node:util");
  }
  if (func.async === true) return;
  source.edits.appendLeft(func.start, "async ");
  const returned = func.returnType?.typeAnnotation as SyntaxNode | undefined;
  if (returned !== undefined) {
    source.edits.appendLeft(returned.start, "Promise<");
    source.edits.appendRight(returned.end, ">");
  }
}

function formOf(call: string): Awaited {
  const form = awaitedForm(call);
  if (form === undefined) throw new Refusal(`${call} has no asynchronous form that gives the same`);
  return form;
}
