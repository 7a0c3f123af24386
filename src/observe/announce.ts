import { isThenable } from "../core/thenable.ts";
import { areFree, blame, emit, type IgnoreSwitch, type Listener, waitFor } from "./handlers.ts";

/** {@link announce} of a chain, called by name: see `tellChainEnd`. */
export function tellChainStart(
  handlers: readonly Listener[],
  chain: unknown,
  inputs: unknown,
  runId: string,
  parentRunId: string | undefined,
  tags: string[],
  metadata: Record<string, unknown>,
  name: string,
  extra: Record<string, unknown> | undefined,
): undefined | Promise<unknown> {
  if (!areFree(handlers)) {
    const args = [chain, inputs, runId, parentRunId, tags, metadata, undefined, name, extra];
    return announce(handlers, "ignoreChain", "ChainStart", args);
  }
  for (const handler of handlers) {
    if (handler._addRunToRunMap === undefined || handler.isToldAtOnce === true || handler.ignoreChain === true)
      continue;
    handler._createRunForChainStart?.(chain, inputs, runId, parentRunId, tags, metadata, undefined, name, extra);
  }
  let waiting: PromiseLike<unknown>[] | undefined;
  for (const handler of handlers) {
    if (handler.ignoreChain === true || typeof handler.handleChainStart !== "function") continue;
    try {
      const told: unknown = handler.handleChainStart(
        chain,
        inputs,
        runId,
        parentRunId,
        tags,
        metadata,
        undefined,
        name,
        extra,
      );
      if (isThenable(told)) waiting = waitFor(handler, "handleChainStart", told, waiting);
    } catch (error) {
      waiting = blame(handler, "handleChainStart", error, waiting);
    }
  }
  return waiting === undefined ? undefined : Promise.all(waiting);
}

/** The kinds of starts that handlers are told of. */
type Start = "ChainStart" | "LLMStart" | "ChatModelStart" | "ToolStart" | "RetrieverStart";

/** Tells handlers that a run starts. */
export function announce(
  handlers: readonly Listener[],
  ignore: IgnoreSwitch,
  start: Start,
  args: readonly unknown[],
): undefined | Promise<unknown> {
  register(handlers, ignore, start, args);
  return emit(handlers, ignore, `handle${start}`, args);
}

/** LangChain's tracers must know of a run before anything inside it starts, even if they are handed its events later. */
export function register(
  handlers: readonly Listener[],
  ignore: IgnoreSwitch,
  start: Start,
  args: readonly unknown[],
): void {
  for (const handler of handlers) {
    if (handler[ignore] === true || typeof handler._addRunToRunMap !== "function") continue;
    handler[`_createRunFor${start}`]?.(...args);
  }
}
