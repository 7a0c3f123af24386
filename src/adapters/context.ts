import { getVariable, installStorage, type Storage, setVariable } from "../core/ambient.ts";
import { runlaneError } from "../core/errors/errors.ts";
import { builtinModule, environment } from "../core/platform.ts";
import { addCallbackSource } from "../observe/callbacks.ts";
import type { CallbackHandler } from "../observe/handlers.ts";

export { dispatchCustomEvent } from "../observe/custom-events.ts";

/*
 * `runlane/context`: importing it makes functions pass their config on without being told to. Runnables that are called without a
 * config inside a function then inherit that function's config, as with `@langchain/core/context`; the two share one storage.
 * It is not part of `runlane` because it makes every `await` of a process dearer on Node 20.
 */
const AsyncLocalStorage = builtinModule("node:async_hooks")?.AsyncLocalStorage ?? globalOne();
const storage = AsyncLocalStorage && installStorage(() => new AsyncLocalStorage() as Storage);

/** Edge platforms without Node's modules may have the class among their globals. */
function globalOne(): (new () => unknown) | undefined {
  return (globalThis as { AsyncLocalStorage?: new () => unknown }).AsyncLocalStorage;
}

/**
 * Puts a value into the current context: runnables and functions that are called from here on find it, LangChain's included.
 *
 * @throws RUNLANE_NO_CONTEXT where there is no AsyncLocalStorage, or where it has no `enterWith`.
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 * import { getContextVariable, setContextVariable } from "runlane/context";
 *
 * const greet = RunnableLambda.from(() => `Hello ${getContextVariable<string>("user")}`);
 * const asAda = RunnableLambda.from((input: string) => {
 *   setContextVariable("user", "Ada");
 *   return greet.invoke(input);
 * });
 * await asAda.invoke(""); // "Hello Ada"
 * ```
 */
export function setContextVariable<T>(name: PropertyKey, value: T): void {
  try {
    setVariable(storage!, name, value);
  } catch (cause) {
    // There is no storage, or one that nobody can enter, as on Cloudflare.
    throw runlaneError("RUNLANE_NO_CONTEXT", { where: "setContextVariable" }, { cause });
  }
}

/**
 * The value of a variable in the current context; undefined when there is none.
 *
 * @example
 * ```ts
 * import { getContextVariable, setContextVariable } from "runlane/context";
 *
 * setContextVariable("user", "Ada");
 * getContextVariable<string>("user"); // "Ada"
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: LangChain's default
export function getContextVariable<T = any>(name: PropertyKey): T | undefined {
  return getVariable(name) as T | undefined;
}

/** A hook that adds a handler to calls which do not name it. */
export interface ConfigureHook {
  /** The context variable that may hold the handler. */
  contextVar?: string;
  /** The environment variable that, set to `true`, asks for a new handler. Needs `handlerClass`. */
  envVar?: string;
  handlerClass?: new (input: object) => CallbackHandler;
}

/**
 * Adds a handler to all calls in whose context a variable holds it, or for which an environment variable asks.
 *
 * @returns Takes the hook back.
 * @example
 * ```ts
 * import { registerConfigureHook, setContextVariable } from "runlane/context";
 *
 * const takeBack = registerConfigureHook({ contextVar: "listener" });
 * setContextVariable("listener", { name: "mine", handleChainStart: () => console.log("started") });
 * takeBack();
 * ```
 */
export function registerConfigureHook({ contextVar, envVar, handlerClass }: ConfigureHook): () => void {
  return addCallbackSource(({ callbacks }) => {
    const held = contextVar === undefined ? undefined : getContextVariable<CallbackHandler>(contextVar);
    if (held !== undefined) return { handlers: [held] };
    if (envVar === undefined || handlerClass === undefined || environment(envVar) !== "true") return undefined;
    // A call inside another one reports to the handler that was made for the outer one.
    const known: readonly unknown[] = callbacks?.handlers ?? callbacks ?? [];
    return known.some((handler) => handler instanceof handlerClass) ? undefined : { handlers: [new handlerClass({})] };
  });
}
