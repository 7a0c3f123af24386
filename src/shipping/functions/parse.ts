import { runlaneError } from "../../core/errors/errors.ts";
import { builtin } from "../node-builtin.ts";

/** A node of a syntax tree in the ESTree form, which the parsers of JavaScript share. */
export interface SyntaxNode {
  readonly type: string;
  /** Offsets in the parsed text. */
  readonly start: number;
  readonly end: number;
  // biome-ignore lint/suspicious/noExplicitAny: each type of node has its own fields
  readonly [field: string]: any;
}

type Parser = typeof import("acorn").parse;

let parser: Parser | undefined;

/**
 * The syntax tree of an expression in strict mode, or undefined when the text is none.
 *
 * The parser is loaded here and nowhere else, when the first function is to be shipped: about 10 ms.
 *
 * @throws RUNLANE_MISSING_PACKAGE, RUNLANE_NOT_SHIPPABLE where there is no Node
 */
export function parseExpression(text: string): SyntaxNode | undefined {
  parser ??= loadParser();
  let statements: SyntaxNode[];
  try {
    statements = parser(`(${text}\n)`, { ecmaVersion: "latest", sourceType: "module" }).body as unknown as SyntaxNode[];
  } catch {
    return undefined;
  }
  const [statement, ...rest] = statements;
  return rest.length > 0 || statement?.type !== "ExpressionStatement" ? undefined : statement.expression;
}

/** The line of a text, counted from 1, in which a node of its syntax tree starts. */
export function lineOf(node: SyntaxNode, text: string): number {
  // The text was parsed in a parenthesis.
  return text.slice(0, node.start - 1).split("\n").length;
}

/** Loads the parser synchronously, so that `withLane` itself can refuse a function, and not the first call. */
function loadParser(): Parser {
  try {
    const { createRequire } = builtin("node:module");
    return createRequire(import.meta.url)("acorn").parse;
  } catch (cause) {
    throw runlaneError("RUNLANE_MISSING_PACKAGE", { where: "Shipping a function", package: "acorn" }, { cause });
  }
}
