import { builtin } from "../node-builtin.ts";
import { startOf } from "./closure.ts";
import { lineOf, type SyntaxNode } from "./parse.ts";

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
    const column = node === undefined || line > 1 ? columnOf(node, text) : start.column + node.start - 1;
    return { line, file: original(start.url, start.line + line - 1, column) };
  });
}

function columnOf(node: SyntaxNode | undefined, text: string): number {
  return node === undefined ? 0 : node.start - 2 - text.lastIndexOf("\n", node.start - 2);
}

/** The line of the file that was compiled, when its source map is known to Node, as it is under tsx. */
function original(url: string, line: number, column: number): string {
  let found = line;
  try {
    const entry = builtin("node:module")
      .findSourceMap(url)
      ?.findEntry(line - 1, column);
    if (entry !== undefined && "originalLine" in entry) found = entry.originalLine + 1;
  } catch {
    // A source map that cannot be read: the line of the compiled file has to do.
  }
  return `${url}:${found}`;
}
