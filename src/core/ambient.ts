import type { RunnableConfig } from "./config.ts";

/**
 * The implicit config: a call inherits the config of the function that it is made in, through the AsyncLocalStorage that
 * LangChain, LangGraph and LangSmith share. The storage is there only when somebody asked for it (LangGraph does on import,
 * `runlane/context` too): the first use of one makes every `await` of a process up to three times dearer on Node 20.
 */

/** The part of AsyncLocalStorage that is used here. */
export interface Storage {
  getStore(): Store | undefined;
  run<T>(store: Store | undefined, callback: () => T): T;
  enterWith(store: Store): void;
}

/** The content of the storage: LangSmith's run tree where one traces, else a plain object. */
export interface Store {
  extra?: Record<PropertyKey, unknown>;
  [key: PropertyKey]: unknown;
}

const STORAGE = Symbol.for("ls:tracing_async_local_storage");
const CHILD_CONFIG = Symbol.for("lc:child_config");
const CONTEXT_VARIABLES = Symbol.for("lc:context_variables");

const shared = globalThis as unknown as Record<symbol, Storage | undefined>;

// Looking up a global that exists, even as undefined, costs 0.3 ns; one that is missing costs 8, on every call of `invoke`.
if (!(STORAGE in shared)) shared[STORAGE] = undefined;

/** The shared storage, if somebody has installed it. */
export function storage(): Storage | undefined {
  return shared[STORAGE];
}

/** Installs the shared storage unless there is one. */
export function installStorage(create: () => Storage): Storage {
  shared[STORAGE] ??= create();
  return shared[STORAGE];
}

let listening = false;
/** The number of observers that measure calls made on some runnable. */
let measuring = 0;
/** `listening` or `measuring`, in one variable: all that a plain call pays for both is one look. */
let attentive = false;

/** Makes calls look for callbacks even if their config names none: an adapter listens to all of them. */
export function listenToAllCalls(on: boolean): void {
  listening = on;
  attentive = listening || measuring > 0;
}

/** Counts observers that measure calls, one more or one fewer. While there is one, calls look whether they are measured. */
export function measureCalls(by: 1 | -1): void {
  measuring += by;
  attentive = listening || measuring > 0;
}

/** Whether calls made on some runnable are measured. */
export function isMeasuring(): boolean {
  return measuring > 0;
}

/** True when a call without callbacks in its config may have listeners all the same. */
export function isListened(): boolean {
  return listening;
}

/** True when a call without a config may be observed or inherit a config, so that it has to look. */
export function isAmbient(): boolean {
  return attentive || inherits();
}

/** True when a call without a config may inherit one or have listeners, and nobody measures it. */
export function isAmbientUnmeasured(): boolean {
  return listening || inherits();
}

function inherits(): boolean {
  return shared[STORAGE] !== undefined && implicitConfig() !== undefined;
}

/** The config of the function that this call is made in. */
export function implicitConfig(): RunnableConfig | undefined {
  const store = shared[STORAGE]?.getStore();
  return (store?.extra?.[CHILD_CONFIG] ?? variablesOf(store)?.[CHILD_CONFIG]) as RunnableConfig | undefined;
}

function variablesOf(store: Store | undefined): Record<PropertyKey, unknown> | undefined {
  return store?.[CONTEXT_VARIABLES] as Record<PropertyKey, unknown> | undefined;
}

/** Calls a user's function so that calls made in it inherit `config`. */
export function callWithin<T>(config: RunnableConfig, callback: () => T): T {
  const als = shared[STORAGE];
  return als === undefined ? callback() : als.run(storeFor(config, als), callback);
}

/** Calls back outside of any run: calls that handlers make must not report to the run that the handlers hear of. */
export function callOutside<T>(callback: () => T): T {
  const als = shared[STORAGE];
  return als === undefined ? callback() : als.run(undefined, callback);
}

interface Tracer {
  name?: string;
  getRunTreeWithTracingConfig?(runId: string): Store | undefined;
}

/** The store for functions called with `config`: LangSmith's run tree of the run, so that its own functions nest. */
function storeFor(config: RunnableConfig, als: Storage): Store {
  const around = als.getStore();
  const manager = config.callbacks;
  const tracer: Tracer | undefined = manager?.handlers?.find?.(
    (handler: Tracer) => handler.name === "langchain_tracer",
  );
  const runId = tracer && manager.getParentRunId?.();
  const tree =
    (runId && tracer?.getRunTreeWithTracingConfig?.(runId)) || (isRunTree(around) ? copyOf(around) : undefined);
  const variables = variablesOf(around);
  if (tree === undefined) {
    // LangChain's `setContextVariable` takes nothing but the variables over into its next store, so the config is among them too.
    return { extra: { [CHILD_CONFIG]: config }, [CONTEXT_VARIABLES]: { ...variables, [CHILD_CONFIG]: config } };
  }
  tree.extra = { ...tree.extra, [CHILD_CONFIG]: config };
  if (variables !== undefined) tree[CONTEXT_VARIABLES] = variables;
  return tree;
}

/** Whether a store is a run of LangSmith's: that of a `traceable` function around this call, for example. */
function isRunTree(store: Store | undefined): store is Store {
  return typeof store?.createChild === "function" && typeof store.postRun === "function";
}

/** A copy of a store, so that changes do not show to callers outside. A run tree keeps its methods. */
function copyOf(store: Store | undefined): Store {
  return Object.assign(Object.create(store === undefined ? null : Object.getPrototypeOf(store)), store);
}

/** Runs each step of an iteration as {@link callWithin} does. A variable that one step sets is there in the next one. */
export function iterateWithin<T>(config: RunnableConfig, source: AsyncIterable<T>): AsyncIterable<T> {
  const als = shared[STORAGE];
  if (als === undefined) return source;
  return {
    [Symbol.asyncIterator]() {
      const iterator = source[Symbol.asyncIterator]();
      let store: Store | undefined = storeFor(config, als);
      const within = <R>(callback: () => R): R =>
        als.run(store, () => {
          const result = callback();
          store = als.getStore();
          return result;
        });
      return {
        next: () => within(() => iterator.next()),
        return: async (value) => (await within(() => iterator.return?.(value))) ?? { done: true, value: undefined },
      };
    },
  };
}

/** A value that {@link setVariable} put into the current context. */
export function getVariable(name: PropertyKey): unknown {
  return variablesOf(shared[STORAGE]?.getStore())?.[name];
}

/** Puts a value into the current context: all code that is called from here on finds it, LangChain's included. */
export function setVariable(als: Storage, name: PropertyKey, value: unknown): void {
  const current = als.getStore();
  const store = copyOf(current);
  store[CONTEXT_VARIABLES] = { ...variablesOf(current), [name]: value };
  als.enterWith(store);
}
