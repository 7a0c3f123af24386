import { runlaneError } from "./errors/errors.ts";

/** Recognises the engine's error for a full call stack: V8's and JavaScriptCore's, or SpiderMonkey's. */
export function isStackOverflow(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // No regular expression: where the stack is full, one cannot be compiled, which is an error of another class with this text in it.
  return error.message.includes("call stack size") || error.name === "InternalError";
}

/**
 * Looks into a tree, call in call.
 *
 * @param where The name of the operation, for the error.
 * @throws RUNLANE_TOO_DEEP when the tree is deeper than the stack
 */
export function lookInto<T>(where: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw isStackOverflow(error) ? runlaneError("RUNLANE_TOO_DEEP", { where }, { cause: error }) : error;
  }
}
