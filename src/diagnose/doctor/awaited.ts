import type { SyntaxNode } from "../../shipping/functions/parse.ts";
import { isFunction, nodesIn } from "../../shipping/functions/walk-syntax.ts";

/** How a blocking call is made asynchronously. */
export interface Awaited {
  /** The function to call, an export of `from`. */
  readonly name: string;
  readonly from: string;
  /** Whether it takes a callback, and `promisify` makes it one that gives a promise. */
  readonly promisified: boolean;
}

/** Functions whose promises, by `promisify`, give something else than their callbacks. */
const NOT_THE_SAME = new Set([
  "exec",
  "execFile",
  "spawn",
  "exists",
  "open",
  "read",
  "write",
  "close",
  "generateKeyPair",
]);

/** The asynchronous form of a blocking call, where that takes the same arguments and gives the same. */
export function awaitedForm(call: string): Awaited | undefined {
  const [module = "", blocking = ""] = call.split(".");
  const name = blocking.replace(/Sync$/, "");
  if (name === blocking || NOT_THE_SAME.has(name)) return undefined;
  const from = module === "fs" ? "node:fs/promises" : `node:${module}`;
  const exports = process.getBuiltinModule(from) as Record<string, unknown> | undefined;
  if (!["fs", "zlib", "crypto"].includes(module) || typeof exports?.[name] !== "function") return undefined;
  return { name, from, promisified: module !== "fs" };
}

/** The calls of blocking functions in the body of a function: `readFileSync(path)`, `fs.readFileSync(path)`. */
export function blockingCallsIn(func: SyntaxNode, calls: readonly string[]): { node: SyntaxNode; call: string }[] {
  const names = new Map(calls.map((call) => [call.slice(call.indexOf(".") + 1), call]));
  // Calls in functions inside cannot be awaited by this one.
  return [...nodesIn(func.body, (node) => !isFunction(node))].flatMap((node) => {
    if (node.type !== "CallExpression") return [];
    const { callee } = node;
    const name = callee.type === "MemberExpression" && !callee.computed ? callee.property.name : callee.name;
    const call = names.get(name);
    return call === undefined ? [] : [{ node, call }];
  });
}
