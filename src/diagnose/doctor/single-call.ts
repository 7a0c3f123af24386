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
  const [param] = (root?.params ?? []) as SyntaxNode[];
  if (root === undefined || param?.type !== "Identifier") return undefined;
  const list = [...nodesIn(root.body)].filter((node) => isListOf(node, param.name));
  const first = [...nodesIn(root.body)].filter(isFirst);
  const uses = [...nodesIn(root.body)].filter((node) => node.type === "Identifier" && node.name === param.name);
  if (list.length !== 1 || first.length !== 1 || uses.length !== 1) return undefined;
  const [only, taken] = [list[0]!, first[0]!];
  if (!(taken.start <= only.start && only.end <= taken.end)) return undefined;
  const result = root.body.type === "BlockStatement" ? root.body.body.at(-1)?.argument : root.body;
  if (result !== taken) return undefined;
  // Offsets are those in the parenthesis that the source was parsed in.
  const at = (node: SyntaxNode): [number, number] => [node.start - 1, node.end - 1];
  const text = replaced(source, [
    [...at(param), "inputs"],
    [...at(only), "inputs"],
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
