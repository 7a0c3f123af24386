import { isListened, listenToAllCalls } from "../core/ambient.ts";
import type { RunnableConfig } from "../core/config.ts";
import { describe, runlaneError } from "../core/errors/errors.ts";
import { defineCallbacks, type ObservedRun, type Observer } from "../core/observer.ts";
import { serialized } from "../core/serialization/serializable.ts";
import type { Step } from "../core/step.ts";
import { asObject } from "./as-object.ts";
import { emit, type Listener } from "./handlers.ts";
import { announce, CallbackManager, type ManagerLike, seesChunks, tapped } from "./manager.ts";
import { newRunId } from "./run-id.ts";

/** Tells the callbacks of a call when its steps start and end, as LangChain would tell them. */
class CallbackObserver implements Observer {
  constructor(readonly manager: CallbackManager) {}

  forInput(): Observer {
    return this;
  }

  withoutCallbacks(): null {
    return null;
  }

  start(
    step: Step,
    input: unknown,
    config: RunnableConfig,
    tag: string | undefined,
    streaming: false | "known" | "deferred",
  ): ObservedRun | PromiseLike<ObservedRun> {
    const { trace } = step;
    if (trace === undefined || (streaming === false && !trace.whole)) return this.passOver(tag);
    const { manager } = this;
    const { handlers } = manager;
    const runId = config.runId ?? newRunId();
    const parentRunId = manager._parentRunId;
    const tags = mergeTags(tag === undefined ? manager.tags : [...manager.tags, tag], config.tags);
    const metadata = { ...manager.metadata, ...config.metadata };
    const inputs = streaming === "deferred" ? { input: "" } : trace.wrapsInput ? { input } : asObject(input, "input");
    const name = config.runName ?? step.getName();
    const extra = streaming === "deferred" ? { lc_defers_inputs: true } : undefined;
    const args = [serialized(step), inputs, runId, parentRunId, tags, metadata, undefined, name, extra];
    const run = new CallbackRun(this, config, runId, tags, metadata, streaming);
    const told = announce(handlers, "ignoreChain", "ChainStart", args);
    return told === undefined ? run : started(run, told);
  }

  /** For a step without runs of its own: what runs inside it gets its tag. */
  private passOver(tag: string | undefined): ObservedRun {
    if (tag === undefined) return new PassedOver(this, undefined);
    const { manager } = this;
    const tagged = new CallbackManager(manager._parentRunId, manager);
    tagged.tags = [...manager.tags, tag];
    return new PassedOver(new CallbackObserver(tagged), tagged);
  }
}

/** A run that all handlers have been told of. Where one of them does not let it start, the others are told that it failed. */
async function started(run: CallbackRun, told: Promise<unknown>): Promise<CallbackRun> {
  try {
    await told;
    return run;
  } catch (error) {
    await Promise.resolve(run.fail(error)).catch(() => {});
    throw error;
  }
}

class PassedOver implements ObservedRun {
  constructor(
    readonly observer: Observer,
    readonly callbacks: CallbackManager | undefined,
  ) {}
  end(): undefined {}
  fail(): undefined {}
}

/** A run that handlers have been told of. */
class CallbackRun implements ObservedRun {
  readonly observer: CallbackObserver;
  readonly callbacks: CallbackManager;
  private readonly around: CallbackManager;

  constructor(
    { manager }: CallbackObserver,
    config: RunnableConfig,
    private readonly runId: string,
    private readonly tags: string[],
    metadata: Record<string, unknown>,
    private readonly streaming: false | "known" | "deferred",
  ) {
    this.around = manager;
    const handlers = manager.inheritableHandlers;
    const inheritableTags = mergeTags(manager.inheritableTags, config.tags);
    const inheritableMetadata =
      manager.inheritableMetadata === manager.metadata
        ? metadata
        : { ...manager.inheritableMetadata, ...config.metadata };
    this.callbacks = new CallbackManager(runId, {
      handlers,
      inheritableHandlers: handlers,
      tags: inheritableTags,
      inheritableTags,
      metadata: inheritableMetadata,
      inheritableMetadata,
    });
    this.observer = new CallbackObserver(this.callbacks);
  }

  get tap(): ObservedRun["tap"] {
    const { handlers } = this.around;
    return handlers.some(seesChunks) ? (chunks) => tapped(handlers, this.runId, chunks) : undefined;
  }

  end(output: unknown, input?: { readonly value: unknown }): undefined | Promise<unknown> {
    const outputs = this.streaming === "deferred" ? (output ?? {}) : asObject(output, "output");
    return this.report("handleChainEnd", outputs, input);
  }

  fail(error: unknown, input?: { readonly value: unknown }): undefined | Promise<unknown> {
    return this.report("handleChainError", error, input);
  }

  private report(
    method: "handleChainEnd" | "handleChainError",
    what: unknown,
    input: { readonly value: unknown } | undefined,
  ): undefined | Promise<unknown> {
    const kwargs = input === undefined ? undefined : { inputs: asObject(input.value, "input") };
    const args = [what, this.runId, this.around._parentRunId, this.tags, kwargs];
    return emit(this.around.handlers, "ignoreChain", method, args);
  }
}

/** The tags of a run: the config's come last, as in LangChain. */
function mergeTags(inherited: string[], own: readonly string[] | undefined): string[] {
  if (own === undefined || own.length === 0) return inherited;
  return [...inherited.filter((tag) => !own.includes(tag)), ...own];
}

/** Names handlers for a call beyond those that its config names, and the run that it is part of if the config names none. */
export type CallbackSource = (
  config: RunnableConfig,
) => { readonly handlers: readonly Listener[]; getParentRunId?(): string | undefined } | undefined;

const sources = new Set<CallbackSource>();

/** Adds handlers to all calls from now on; the returned function takes them back. */
export function addCallbackSource(source: CallbackSource): () => void {
  sources.add(source);
  listenToAllCalls(true);
  return () => {
    sources.delete(source);
    listenToAllCalls(sources.size > 0);
  };
}

/** The manager of the callbacks of a config; undefined when nobody listens. @throws RUNLANE_INVALID_CONFIG */
function configure(config: RunnableConfig): CallbackManager | undefined {
  let manager = fromCallbacks(config.callbacks);
  if (isListened()) {
    for (const source of sources) {
      const more = source(config);
      for (const handler of more?.handlers ?? []) {
        manager ??= new CallbackManager();
        const { name } = handler;
        if (manager.handlers.some((other) => other === handler || (name !== undefined && other.name === name)))
          continue;
        manager.addHandler(handler);
        manager._parentRunId ??= more?.getParentRunId?.();
      }
    }
  }
  if (manager !== undefined) giveConfigurable(manager, config);
  return manager;
}

/** The manager that the run of a config itself starts with. @throws RUNLANE_INVALID_CONFIG */
export function managerFor(config: RunnableConfig): CallbackManager | undefined {
  const manager = configure(config);
  if (manager === undefined) return undefined;
  manager.addTags(config.tags ?? []);
  manager.addMetadata(config.metadata ?? {});
  return manager;
}

function fromCallbacks(callbacks: unknown): CallbackManager | undefined {
  if (callbacks === undefined || callbacks === null) return undefined;
  if (Array.isArray(callbacks)) {
    const handlers = withoutDoubles(callbacks as Listener[]);
    for (const handler of handlers) {
      if (typeof handler !== "object" || handler === null) throw invalid(handler, "a callback handler in the list");
    }
    return new CallbackManager(undefined, { handlers, inheritableHandlers: handlers });
  }
  const manager = callbacks as ManagerLike;
  if (!Array.isArray(manager.handlers) || typeof manager.getParentRunId !== "function")
    throw invalid(callbacks, "a list of callback handlers or a callback manager");
  const made = new CallbackManager(manager.getParentRunId(), manager);
  made.handlers = withoutDoubles(made.handlers);
  made.inheritableHandlers = withoutDoubles(made.inheritableHandlers);
  return made;
}

/** A handler that is named by a call and by what is bound inside is told of a run once. */
function withoutDoubles(handlers: readonly Listener[]): Listener[] {
  return [...new Set(handlers)];
}

function invalid(received: unknown, expected: string): Error {
  return runlaneError("RUNLANE_INVALID_CONFIG", { key: "callbacks", expected, received: describe(received) });
}

const PRIMITIVES = new Set(["string", "number", "boolean"]);

/** LangSmith's tracer shows the plain values of `configurable` as metadata; other handlers do not get them. */
function giveConfigurable(manager: CallbackManager, { configurable, metadata = {} }: RunnableConfig): void {
  const tracer = manager.handlers.find((handler) => typeof handler.copyWithTracingConfig === "function");
  if (tracer === undefined || configurable === undefined) return;
  const shown = Object.entries(configurable).filter(
    ([key, value]) =>
      !key.startsWith("__") && key !== "api_key" && !Object.hasOwn(metadata, key) && PRIMITIVES.has(typeof value),
  );
  if (shown.length === 0) return;
  const copy: Listener = tracer.copyWithTracingConfig({ metadata: Object.fromEntries(shown) });
  const replace = (handler: Listener): Listener => (handler === tracer ? copy : handler);
  manager.handlers = manager.handlers.map(replace);
  manager.inheritableHandlers = manager.inheritableHandlers.map(replace);
}

defineCallbacks((config) => {
  const manager = configure(config);
  return manager === undefined || manager.handlers.length === 0 ? null : new CallbackObserver(manager);
});
