import type { SyntaxNode } from "../../shipping/functions/parse.ts";
import { Refusal } from "./change.ts";
import type { Site } from "./site.ts";

/** Has a function take variables from its config, under the names that they have around it: `(input, { uses: { table } }) => ...`. */
export function takeFromConfig({ source, func, name }: Site, variables: readonly string[]): void {
  const params = func.params as SyntaxNode[];
  if (name !== undefined && source.isTypeScript)
    throw new Refusal(`${name} is written apart from its step, where the types of what it uses are not known`);
  if (params.length > 1 || params[0]?.type === "RestElement") throw new Refusal("its function has a config already");
  const text = `{ uses: { ${variables.join(", ")} } }`;
  const [input] = params;
  if (input === undefined) {
    const open = source.text.indexOf("(", func.start);
    source.edits.appendLeft(open + 1, `_input, ${text}`);
    return;
  }
  const isBare =
    func.type === "ArrowFunctionExpression" && !/\)\s*(?::[\s\S]*)?=>/.test(headOf(source.text, func, input));
  if (isBare) source.edits.appendLeft(input.start, "(");
  source.edits.appendLeft(input.end, `, ${text}${isBare ? ")" : ""}`);
}

/** The text between the first parameter of an arrow function and its body. */
function headOf(text: string, func: SyntaxNode, input: SyntaxNode): string {
  return text.slice(input.end, func.body.start);
}
