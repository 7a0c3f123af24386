import { CallbackManager } from "@langchain/core/callbacks/manager";
import { addCallbackSource, type CallbackSource } from "../../observe/callbacks.ts";

/**
 * Lets LangChain's environment variables hold for Runlane too: with `LANGSMITH_TRACING=true` every call is traced by LangSmith,
 * under the `traceable` function that it is made in; with `LANGCHAIN_VERBOSE=true` it is printed.
 *
 * Each call then costs what looking at the environment costs LangChain, some microseconds.
 *
 * @returns Stops it.
 * @example
 * ```ts
 * import { traceFromEnvironment } from "runlane/langchain";
 *
 * const stop = traceFromEnvironment();
 * stop();
 * ```
 */
export function traceFromEnvironment(): () => void {
  return addCallbackSource((() => CallbackManager.configure()) as CallbackSource);
}
