import { parse } from "acorn";

/** A node of a syntax tree in the ESTree form, which the parsers of JavaScript share. */
export interface SyntaxNode {
  readonly type: string;
  /** Offsets in the parsed text. */
  readonly start: number;
  readonly end: number;
  // biome-ignore lint/suspicious/noExplicitAny: each type of node has its own fields
  readonly [field: string]: any;
}

/** The syntax tree of an expression in strict mode, or undefined when the text is none. */
export function parseExpression(text: string): SyntaxNode | undefined {
  let statements: SyntaxNode[];
  try {
    statements = parse(`(${text}\n)`, { ecmaVersion: "latest", sourceType: "module" }).body as unknown as SyntaxNode[];
  } catch {
    return undefined;
  }
  const [statement, ...rest] = statements;
  return rest.length > 0 || statement?.type !== "ExpressionStatement" ? undefined : statement.expression;
}
