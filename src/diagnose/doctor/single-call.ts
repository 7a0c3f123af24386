import { closureValues } from "../../shipping/functions/closure.ts";
import { parseExpression, type SyntaxNode } from "../../shipping/functions/parse.ts";
import { nodesIn } from "../../shipping/functions/walk-syntax.ts";

export interface Vectorised {
  /** Takes all inputs, and calls the model once. */
  readonly vectorised: (inputs: unknown[], config: unknown) => unknown;
  /** Its source. */
  readonly text: string;
}

/**
 * A function that wraps its input in a list of one and takes the first of what comes back, `async (text) => (await model([text]))[0]`, as one
 * that hands on the whole list.
 *
 * @param captured The variables that it takes from around it: they have the values that they have now.
 */
export function singleCallOf(func: (...args: never[]) => unknown, captured: readonly string[]): Vectorised | undefined {
  const source = Function.prototype.toString.call(func);
  const root = parseExpression(source);
  const single = root && singleCallIn(root);
  if (single === undefined) return undefined;
  const { param, list, taken } = single;
  // Offsets are those in the parenthesis that the source was parsed in.
  const at = (node: SyntaxNode): [number, number] => [node.start - 1, node.end - 1];
  const text = replaced(source, [
    [...at(param), "inputs"],
    [...at(list), "inputs"],
    [at(taken.object as SyntaxNode)[1], at(taken)[1], closing(source, at(taken.object as SyntaxNode)[1], at(taken)[1])],
  ]);
  const values = captured.length === 0 ? new Map<string, unknown>() : closureValues(func, captured);
  if (values === undefined) return undefined;
  try {
    const names = ["__name", ...values.keys()];
    const vectorised = new Function(...names, `return (${text})`)((target: unknown) => target, ...values.values());
    return { vectorised: vectorised as Vectorised["vectorised"], text };
  } catch {
    return undefined;
  }
}

/** The parts of such a function: its input, the list of it, and the first of what comes back, which is what it gives. */
export interface SingleCall {
  readonly param: SyntaxNode;
  readonly list: SyntaxNode;
  readonly taken: SyntaxNode;
}

/** @param inside The expression inside parentheses and types, where the parser keeps those. */
export function singleCallIn(func: SyntaxNode, inside = (node: SyntaxNode) => node): SingleCall | undefined {
  const [param] = func.params as SyntaxNode[];
  if (param?.type !== "Identifier") return undefined;
  const nodes = [...nodesIn(func.body)];
  const lists = nodes.filter((node) => isListOf(node, param.name));
  const firsts = nodes.filter(isFirst);
  const uses = nodes.filter((node) => node.type === "Identifier" && node.name === param.name);
  if (lists.length !== 1 || firsts.length !== 1 || uses.length !== 1) return undefined;
  const [list, taken] = [lists[0]!, firsts[0]!];
  if (!(taken.start <= list.start && list.end <= taken.end)) return undefined;
  const result = func.body.type === "BlockStatement" ? func.body.body.at(-1)?.argument : func.body;
  return result && inside(result) === taken ? { param, list, taken } : undefined;
}

/** `[input]` */
function isListOf(node: SyntaxNode, name: string): boolean {
  return node.type === "ArrayExpression" && node.elements.length === 1 && node.elements[0]?.name === name;
}

/** `x[0]` */
function isFirst(node: SyntaxNode): boolean {
  return node.type === "MemberExpression" && node.computed && node.property.value === 0;
}

/** The brackets that belong to what is left, of the text between it and the end of the index. */
function closing(source: string, from: number, to: number): string {
  return source.slice(from, to).replace(/\[\s*0\s*\]\s*$/, "");
}

/** A text with some parts of it replaced. */
function replaced(text: string, parts: readonly (readonly [start: number, end: number, by: string])[]): string {
  return [...parts]
    .sort(([a], [b]) => b - a)
    .reduce((result, [start, end, by]) => result.slice(0, start) + by + result.slice(end), text);
}
