import type { SyntaxNode } from "../../shipping/functions/parse.ts";
import { singleCallIn } from "../doctor/single-call.ts";
import { Refusal } from "./change.ts";
import { wrap } from "./options.ts";
import type { Site } from "./site.ts";

/** `RunnableLambda.from(async (text) => (await model([text]))[0])` becomes `RunnableLambda.batched(async (inputs) => await model(inputs))`. */
export function onePerList(site: Site): void {
  const { source, func, call, name } = site;
  if (name !== undefined && source.importOf(name) !== undefined) throw new Refusal("its function is imported");
  const single = singleCallIn(func, (node) => source.innermost(node));
  if (single === undefined) throw new Refusal("its function does more than call the model with one input");
  const { param, list, taken } = single;
  const annotation = param.typeAnnotation?.typeAnnotation as SyntaxNode | undefined;
  const type = annotation === undefined ? "" : `: ${arrayOf(source.textOf(annotation))}`;
  const { returnType } = func;
  if (returnType) source.edits.remove(returnType.start, returnType.end);
  source.edits.overwrite(param.start, param.end, `inputs${type}`);
  source.edits.overwrite(list.start, list.end, "inputs");
  // With the `!` that says that there is a first one.
  source.edits.remove(taken.object.end, source.outermost(taken).end);
  if (call === undefined) wrap(site, "", "", "batched");
  else source.edits.overwrite(call.callee.property.start, call.callee.property.end, "batched");
}

function arrayOf(type: string): string {
  return /^[\w.]+(?:<[\w., ]*>)?$/.test(type) ? `${type}[]` : `(${type})[]`;
}
