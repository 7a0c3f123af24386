import { missingPackage } from "../../core/optional-package.ts";
import { ask, builtinModule } from "../../core/platform.ts";
import { StillLoading } from "../../core/still-loading.ts";

/** A node of a syntax tree in the ESTree form, which the parsers of JavaScript share. */
export interface SyntaxNode {
  readonly type: string;
  /** Offsets in the parsed text. */
  readonly start: number;
  readonly end: number;
  // biome-ignore lint/suspicious/noExplicitAny: each type of node has its own fields
  readonly [field: string]: any;
}

/** The major version that knows `ecmaVersion: "latest"`. */
const OLDEST = 8;

type Parser = typeof import("acorn").parse;

let parser: Parser | undefined;
let loading: Promise<void> | undefined;

/**
 * The syntax tree of an expression in strict mode, or undefined when the text is none.
 *
 * The parser is loaded here and nowhere else, when the first function is to be shipped: about 10 ms.
 *
 * @throws StillLoading where it cannot be loaded at once
 */
export function parseExpression(text: string): SyntaxNode | undefined {
  parser ??= parserNow();
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

/** Loads the parser at once, where a package can be: so that `withLane` itself can refuse a function, and not the first call. */
function parserNow(): Parser {
  const acorn = ask(() => builtinModule("node:module")?.createRequire(import.meta.url)("acorn"), undefined);
  // Beside a bundle, it may be one of somebody else's.
  if (acorn !== undefined && Number.parseInt(acorn.version, 10) >= OLDEST) return acorn.parse;
  loading ??= import("acorn").then(
    (module) => {
      parser = module.parse;
    },
    missingPackage("Shipping a function", "acorn"),
  );
  throw new StillLoading(loading);
}
