import { builtinModule } from "../../core/platform.ts";
import { startOf } from "./closure.ts";
import type { SyntaxNode } from "./parse.ts";

/** The place of a part of a function in its source. */
export interface SourceLocation {
  /** The line of the function's source, counted from 1. */
  readonly line: number;
  /** The same in the file as its author wrote it, when it is known: `file:///app/score.ts:12`. */
  readonly file?: string;
}

/** Locates some parts of a function, for an error message. */
export function locationsIn(func: object, nodes: readonly (SyntaxNode | undefined)[]): SourceLocation[] {
  const text = Function.prototype.toString.call(func);
  const start = startOf(func);
  return nodes.map((node) => {
    const line = node === undefined ? 1 : lineOf(node, text);
    if (start === undefined) return { line };
    const column = line > 1 ? columnOf(node!, text) : start.column + (node === undefined ? 0 : node.start - 1);
    return { line, file: original(start.url, start.line + line - 1, column) };
  });
}

/** The line of a text, counted from 1, in which a node of its syntax tree starts. */
function lineOf(node: SyntaxNode, text: string): number {
  // The text was parsed in a parenthesis.
  return text.slice(0, node.start - 1).split("\n").length;
}

function columnOf(node: SyntaxNode, text: string): number {
  return node.start - 2 - text.lastIndexOf("\n", node.start - 2);
}

function original(url: string, line: number, column: number): string {
  return `${url}:${originalPlace(url, line, column).line}`;
}

/** The place in the file that was compiled, when its source map is known to Node, as it is under tsx. */
function originalPlace(url: string, line: number, column: number): { line: number; column: number } {
  try {
    const entry = builtinModule("node:module")
      ?.findSourceMap(url)
      ?.findEntry(line - 1, column);
    if (entry !== undefined && "originalLine" in entry)
      return { line: entry.originalLine + 1, column: entry.originalColumn };
  } catch {
    // A source map that cannot be read: the place in the compiled file has to do.
  }
  return { line, column };
}

/** Where a function starts in the file as its author wrote it: the line counts from 1, the column from 0. */
export function sourceStart(func: object): { file: string; line: number; column: number } | undefined {
  const start = startOf(func);
  if (start === undefined || !start.url.startsWith("file:")) return undefined;
  const { line, column } = originalPlace(start.url, start.line, start.column);
  return { file: builtinModule("node:url")!.fileURLToPath(start.url), line, column };
}
