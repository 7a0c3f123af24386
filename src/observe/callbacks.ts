import { isListened, listenToAllCalls } from "../core/ambient.ts";
import type { RunnableConfig } from "../core/config.ts";
import { describe, runlaneError } from "../core/errors/errors.ts";
import { defineCallbacks, type ObservedRun, type Observer } from "../core/observer.ts";
import { serialized } from "../core/serialization/serializable.ts";
import type { Step } from "../core/step.ts";
import { tellChainStart } from "./announce.ts";
import { asInput, asOutput } from "./as-object.ts";
import { emit, type Listener, tellChainEnd } from "./handlers.ts";
import { isLeftOut } from "./left-out-runs.ts";
import { CallbackManager, type ManagerLike } from "./manager.ts";
import { newRunId } from "./run-id.ts";
import { shown, tapped, tapsChunks } from "./taps.ts";

/** Tells the callbacks of a call when its steps start and end, as LangChain would tell them. */
abstract class CallbackObserver implements Observer {
  /** The handlers, and the parent, tags and metadata of runs that start here. */
  abstract readonly manager: CallbackManager;
  /** Stands for the runs inside that no handler wants. */
  protected leftOut: LeftOut | undefined = undefined;

  get isBehind(): boolean {
    for (const handler of this.manager.handlers) if (handler.isBehind === true) return true;
    return false;
  }

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
    streaming: Streaming,
  ): ObservedRun | PromiseLike<ObservedRun> {
    const { trace } = step;
    if (trace === undefined || (streaming === false && !trace.whole)) return this.passOver(tag);
    const { manager } = this;
    if (isLeftOut(manager.handlers, step, config, manager.tags, tag)) {
      this.leftOut ??= new LeftOut(manager);
      return this.leftOut;
    }
    const run = new CallbackRun(manager, config, tag, streaming);
    const isDeferred = streaming === "deferred";
    const inputs = isDeferred ? { input: "" } : trace.wrapsInput ? { input } : asInput(input);
    const told = tellChainStart(
      toBeTold(manager.handlers),
      serialized(step),
      inputs,
      run.runId,
      manager._parentRunId,
      run.tags,
      run.metadata,
      config.runName ?? step.getName(),
      isDeferred ? { lc_defers_inputs: true } : undefined,
    );
    return told === undefined ? run : started(run, told);
  }

  /** Passes over a step without runs of its own: the runs inside get its tag. */
  private passOver(tag: string | undefined): ObservedRun {
    return tag === undefined ? new Untagged(this) : new Tagged(this.manager, tag);
  }
}

type Streaming = false | "known" | "deferred";

/** Observes the call that was given the callbacks. */
class CallObserver extends CallbackObserver {
  constructor(readonly manager: CallbackManager) {
    super();
  }
}

/** Waits until all handlers know of the start of a run. Where one of them does not let it start, the others are told that it failed. */
async function started(run: CallbackRun, told: Promise<unknown>): Promise<CallbackRun> {
  try {
    await told;
    return run;
  } catch (error) {
    await Promise.resolve(run.fail(error)).catch(() => {});
    throw error;
  }
}

class Untagged implements ObservedRun {
  readonly isBlind = true;
  constructor(readonly observer: Observer) {}
  end(): undefined {}
  fail(): undefined {}
}

class Tagged extends CallbackObserver implements ObservedRun {
  readonly isBlind = true;
  readonly bringsCallbacks = true;
  readonly manager: CallbackManager;

  constructor(around: CallbackManager, tag: string) {
    super();
    this.manager = new CallbackManager(around._parentRunId, around);
    this.manager.tags = withTag(around.tags, tag);
  }

  get observer(): Observer {
    return this;
  }

  get callbacks(): CallbackManager {
    return this.manager;
  }

  end(): undefined {}
  fail(): undefined {}
}

/**
 * Stands for all runs inside a run that no handler wants to hear of: they have one id, one manager and one context. A stream of events
 * with a filter costs half as much by that.
 */
class LeftOut extends CallbackObserver implements ObservedRun {
  readonly isBlind = true;
  readonly isShared = true;
  readonly bringsCallbacks = true;
  readonly manager: CallbackManager;

  constructor(around: CallbackManager) {
    super();
    this.manager = around.childOf(newRunId());
    this.leftOut = this;
  }

  get observer(): Observer {
    return this;
  }

  get callbacks(): CallbackManager {
    return this.manager;
  }

  end(): undefined {}
  fail(): undefined {}
}

/** A run that handlers have been told of, which observes the runs inside it. */
class CallbackRun extends CallbackObserver implements ObservedRun {
  readonly runId: string;
  readonly tags: string[];
  readonly metadata: Record<string, unknown>;
  private made: CallbackManager | undefined = undefined;

  constructor(
    private readonly around: CallbackManager,
    private readonly config: RunnableConfig,
    tag: string | undefined,
    private readonly streaming: Streaming,
  ) {
    super();
    this.runId = config.runId ?? newRunId();
    this.tags = mergeTags(tag === undefined ? around.tags : withTag(around.tags, tag), config.tags);
    this.metadata = mergeMetadata(around.metadata, config.metadata);
  }

  get observer(): Observer {
    return this;
  }

  get bringsCallbacks(): true {
    return true;
  }

  get callbacks(): CallbackManager {
    return this.manager;
  }

  /** The manager of the runs inside. Made when there is one, or when a function gets it in its config. */
  override get manager(): CallbackManager {
    this.made ??= this.managerInside();
    return this.made;
  }

  private managerInside(): CallbackManager {
    const { around, config } = this;
    const handlers = around.inheritableHandlers;
    const tags = mergeTags(around.inheritableTags, config.tags);
    const metadata =
      around.inheritableMetadata === around.metadata
        ? this.metadata
        : mergeMetadata(around.inheritableMetadata, config.metadata);
    return new CallbackManager(this.runId, {
      handlers,
      inheritableHandlers: handlers,
      tags,
      inheritableTags: tags,
      metadata,
      inheritableMetadata: metadata,
    });
  }

  get tap(): ObservedRun["tap"] {
    const { handlers } = this.around;
    for (const handler of handlers) if (tapsChunks(handler)) return (chunks) => tapped(handlers, this.runId, chunks);
    return undefined;
  }

  see(chunk: unknown): undefined | Promise<unknown> {
    return shown(this.around.handlers, this.runId, chunk, this);
  }

  end(output: unknown, input?: { readonly value: unknown }): undefined | Promise<unknown> {
    const outputs = this.streaming === "deferred" ? (output ?? {}) : asOutput(output);
    const { around, runId, tags } = this;
    return tellChainEnd(toBeTold(around.handlers), outputs, runId, around._parentRunId, tags, inputsOf(input));
  }

  fail(error: unknown, input?: { readonly value: unknown }): undefined | Promise<unknown> {
    const args = [error, this.runId, this.around._parentRunId, this.tags, inputsOf(input)];
    return emit(toBeTold(this.around.handlers), "ignoreChain", "handleChainError", args);
  }
}

/** The handlers that hear of the runs of Runlane's steps: one that sees those by itself need not. */
function toBeTold(handlers: Listener[]): Listener[] {
  for (const handler of handlers) if (seesSteps(handler)) return handlers.filter((other) => !seesSteps(other));
  return handlers;
}

function seesSteps(handler: Listener): boolean {
  return handler.seesSteps === true;
}

function inputsOf(input: { readonly value: unknown } | undefined): { inputs: unknown } | undefined {
  return input === undefined ? undefined : { inputs: asInput(input.value) };
}

/** Tags and one more. Most runs have no other: to spread a list that is empty costs six times as much as a new one. */
function withTag(tags: readonly string[], tag: string): string[] {
  return tags.length === 0 ? [tag] : [...tags, tag];
}

/** The tags of a run: the config's come last, as in LangChain. */
function mergeTags(inherited: string[], own: readonly string[] | undefined): string[] {
  if (own === undefined || own.length === 0) return inherited;
  return [...inherited.filter((tag) => !own.includes(tag)), ...own];
}

/** The metadata of a run. Metadata that nobody adds to is shared, not copied. */
function mergeMetadata(
  inherited: Record<string, unknown>,
  own: Record<string, unknown> | undefined,
): Record<string, unknown> {
  for (const _ in own) return { ...inherited, ...own };
  return inherited;
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

/** Handlers, each once: one may be named by a call and by a binding inside. */
function withoutDoubles(handlers: readonly Listener[]): Listener[] {
  return handlers.length === 1 ? [...handlers] : [...new Set(handlers)];
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
  return manager === undefined || manager.handlers.every(seesSteps) ? null : new CallObserver(manager);
});
