import { callOutside, storage } from "../core/ambient.ts";
import { environment } from "../core/platform.ts";
import { isThenable } from "../core/thenable.ts";

/**
 * A listener to runs: LangChain's handlers and plain objects with some of their methods. Methods are called with
 * LangChain's arguments.
 *
 * @example
 * ```ts
 * import { type CallbackHandler, RunnableLambda } from "runlane";
 *
 * const handler: CallbackHandler = {
 *   handleChainStart: (_serialized, inputs, runId) => console.log("started", runId, inputs),
 *   handleChainEnd: (outputs, runId) => console.log("ended", runId, outputs),
 * };
 * await RunnableLambda.from((x: number) => x + 1).invoke(1, { callbacks: [handler] });
 * ```
 */
export interface CallbackHandler {
  /** The name of the handler in error messages. */
  name?: string;
  /** Whether a run waits for promises that the handler returns. Otherwise events are handed over in order, and the run goes on. */
  awaitHandlers?: boolean;
  /** Whether an error of the handler fails the run; then the handler is waited for. Otherwise the error is printed. */
  raiseError?: boolean;
  /** Whether runs of chains, and of all steps without a kind of their own, are not reported. @default false */
  ignoreChain?: boolean;
  /** Whether runs of models are not reported. @default false */
  ignoreLLM?: boolean;
  /** Whether actions of agents are not reported. @default false */
  ignoreAgent?: boolean;
  /** Whether runs of retrievers are not reported. @default false */
  ignoreRetriever?: boolean;
  /** Whether custom events are not reported. @default false */
  ignoreCustomEvent?: boolean;
  handleChainStart?: HandlerMethod | undefined;
  handleChainEnd?: HandlerMethod | undefined;
  handleChainError?: HandlerMethod | undefined;
  handleLLMStart?: HandlerMethod | undefined;
  handleChatModelStart?: HandlerMethod | undefined;
  handleLLMNewToken?: HandlerMethod | undefined;
  handleChatModelStreamEvent?: HandlerMethod | undefined;
  handleLLMEnd?: HandlerMethod | undefined;
  handleLLMError?: HandlerMethod | undefined;
  handleToolStart?: HandlerMethod | undefined;
  handleToolEvent?: HandlerMethod | undefined;
  handleToolEnd?: HandlerMethod | undefined;
  handleToolError?: HandlerMethod | undefined;
  handleRetrieverStart?: HandlerMethod | undefined;
  handleRetrieverEnd?: HandlerMethod | undefined;
  handleRetrieverError?: HandlerMethod | undefined;
  handleAgentAction?: HandlerMethod | undefined;
  handleAgentEnd?: HandlerMethod | undefined;
  handleText?: HandlerMethod | undefined;
  handleCustomEvent?: HandlerMethod | undefined;
}

/** A method of a handler. The arguments are LangChain's. */
// biome-ignore lint/suspicious/noExplicitAny: their types are LangChain's too
export type HandlerMethod = (...args: any[]) => unknown;

/** A handler as this room sees it: with the other properties of LangChain's own handlers. */
// biome-ignore lint/suspicious/noExplicitAny: handlers keep what they like
export type Listener = CallbackHandler & { [property: string]: any };

/** A switch of a handler that turns a kind of event off. */
export type IgnoreSwitch = "ignoreChain" | "ignoreLLM" | "ignoreAgent" | "ignoreRetriever" | "ignoreCustomEvent";

/** Events that wait because their handler is still busy with an earlier one, by handler. */
const backlogs = new WeakMap<object, Promise<unknown>>();
const busy = new Set<Promise<unknown>>();

/**
 * Hands an event to the handlers that want it.
 *
 * A handler that is not waited for gets its events in order, the next one when it is done with the last. As long as it returns at
 * once it is called at once (LangChain calls it some time later, at times after the run has ended).
 *
 * @returns A promise if a handler that is waited for returned one, or failed and raises its errors. All others are told before.
 */
export function emit(
  handlers: readonly Listener[],
  ignore: IgnoreSwitch | undefined,
  method: `handle${string}`,
  args: readonly unknown[],
): undefined | Promise<unknown> {
  let waiting: PromiseLike<unknown>[] | undefined;
  for (const handler of handlers) {
    if (ignore !== undefined && handler[ignore] === true) continue;
    if (typeof handler[method] !== "function") continue;
    if (isAwaited(handler)) {
      let told: undefined | PromiseLike<unknown>;
      try {
        told = call(handler, method, args);
      } catch (error) {
        told = Promise.reject(error);
      }
      if (told === undefined) continue;
      waiting ??= [];
      waiting.push(told);
    } else {
      hand(handler, method, args);
    }
  }
  return waiting === undefined ? undefined : Promise.all(waiting);
}

/**
 * {@link emit} of the end of a chain. Starts and ends of chains are nearly all that there is to tell, so they are called by their
 * names with their arguments: that costs half of what looking methods up and passing lists on does.
 */
export function tellChainEnd(
  handlers: readonly Listener[],
  outputs: unknown,
  runId: string,
  parentRunId: string | undefined,
  tags: readonly string[],
  kwargs: { readonly inputs: unknown } | undefined,
): undefined | Promise<unknown> {
  if (!areFree(handlers))
    return emit(handlers, "ignoreChain", "handleChainEnd", [outputs, runId, parentRunId, tags, kwargs]);
  let waiting: PromiseLike<unknown>[] | undefined;
  for (const handler of handlers) {
    if (handler.ignoreChain === true || typeof handler.handleChainEnd !== "function") continue;
    try {
      const told: unknown = handler.handleChainEnd(outputs, runId, parentRunId, tags, kwargs);
      if (isThenable(told)) waiting = waitFor(handler, "handleChainEnd", told, waiting);
    } catch (error) {
      waiting = blame(handler, "handleChainEnd", error, waiting);
    }
  }
  return waiting === undefined ? undefined : Promise.all(waiting);
}

/** Whether handlers can be called right away: none has earlier events to deal with, and there is no context to leave. */
export function areFree(handlers: readonly Listener[]): boolean {
  return storage() === undefined && (busy.size === 0 || !handlers.some((handler) => backlogs.has(handler)));
}

/** Keeps the promise of a handler that was called right away: for the run to wait for, or in the handler's backlog. */
export function waitFor(
  handler: Listener,
  method: `handle${string}`,
  returned: PromiseLike<unknown>,
  waiting: PromiseLike<unknown>[] | undefined,
): PromiseLike<unknown>[] | undefined {
  const told = returned.then(undefined, (error) => report(handler, method, error));
  if (isAwaited(handler)) return waiting === undefined ? [told] : [...waiting, told];
  keepBusy(handler, told);
  return waiting;
}

/** Takes the error of a handler that was called right away: the run hears of it only if the handler raises its errors. */
export function blame(
  handler: Listener,
  method: `handle${string}`,
  error: unknown,
  waiting: PromiseLike<unknown>[] | undefined,
): PromiseLike<unknown>[] | undefined {
  try {
    report(handler, method, error);
    return waiting;
  } catch (raised) {
    return [...(waiting ?? []), Promise.reject(raised)];
  }
}

function isAwaited(handler: Listener): boolean {
  return handler.raiseError === true || (handler.awaitHandlers ?? awaitedByDefault(handler));
}

/** Whether each handler is waited for. Kept, because reading the environment costs as much as a whole run. */
const defaults = new WeakMap<Listener, boolean>();

function awaitedByDefault(handler: Listener): boolean {
  let awaited = defaults.get(handler);
  if (awaited === undefined) {
    awaited = environment("LANGCHAIN_CALLBACKS_BACKGROUND") === "false";
    defaults.set(handler, awaited);
  }
  return awaited;
}

/** Calls a handler now; a promise comes back only where there is something to wait for. */
function call(
  handler: Listener,
  method: `handle${string}`,
  args: readonly unknown[],
): undefined | PromiseLike<unknown> {
  try {
    const told = callOutside(() => handler[method]?.(...args));
    return isThenable(told) ? told.then(undefined, (error) => report(handler, method, error)) : undefined;
  } catch (error) {
    report(handler, method, error);
    return undefined;
  }
}

/** Calls a handler when it is done with its earlier events. */
function hand(handler: Listener, method: `handle${string}`, args: readonly unknown[]): void {
  const backlog = backlogs.get(handler);
  const told = backlog === undefined ? call(handler, method, args) : backlog.then(() => call(handler, method, args));
  if (told !== undefined) keepBusy(handler, told);
}

function keepBusy(handler: Listener, told: PromiseLike<unknown>): void {
  const done: Promise<unknown> = Promise.resolve(told).then(
    () => finish(handler, done),
    () => finish(handler, done),
  );
  backlogs.set(handler, done);
  busy.add(done);
}

function finish(handler: Listener, done: Promise<unknown>): void {
  busy.delete(done);
  if (backlogs.get(handler) === done) backlogs.delete(handler);
}

function report(handler: Listener, method: string, error: unknown): void {
  const name = handler.name ?? handler.constructor?.name ?? "handler";
  console[handler.raiseError === true ? "error" : "warn"](`Error in handler ${name}, ${method}: ${error}`);
  if (handler.raiseError === true) throw error;
}

/**
 * Waits until handlers that are not waited for have handled the events that they were given.
 *
 * @example
 * ```ts
 * import { awaitAllCallbacks } from "runlane";
 *
 * await awaitAllCallbacks();
 * ```
 */
export async function awaitAllCallbacks(): Promise<void> {
  while (busy.size > 0) await Promise.all(busy);
}
