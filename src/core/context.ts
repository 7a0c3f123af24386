import { implicitConfig, isAmbientUnmeasured, isListened } from "./ambient.ts";
import { Budget, type Slot } from "./budget.ts";
import { copyValid, type RunnableConfig } from "./config.ts";
import { copyLeftOut, hasLeftOut, keepLeftOut } from "./left-out.ts";
import { isMeasured, observerOfCalls } from "./measured.ts";
import { OBSERVER, type ObservedRun, type Observer, openObserver } from "./observer.ts";
import { ownValue, setOwn } from "./own.ts";
import { Scope } from "./scope.ts";
import type { Step } from "./step.ts";

/** Lets the event loop turn when its time slice is used up; see batching/pacer.ts. */
export interface Pacer {
  /** Whether the current turn of the loop has used its slice. */
  spent(): boolean;
  /** Calls `callback` in a later turn. */
  park(callback: () => void): void;
}

interface Circumstances {
  scope: Scope | null;
  slot: Slot | null;
  observer: Observer | null;
  pacer: Pacer | null;
  propagates: boolean;
  pinned: boolean;
}

const NOTHING: Circumstances = Object.freeze({
  scope: null,
  slot: null,
  observer: null,
  pacer: null,
  propagates: false,
  pinned: false,
});

/** The key under which a config that Runlane hands out remembers its context, so that calls made with it share the budget. */
const CONTEXT = Symbol.for("runlane.context");

/** `recursionLimit` unless a config says otherwise; LangChain's figure. */
const DEFAULT_RECURSION_LIMIT = 25;

/**
 * The context that a run carries from step to step. Steps share one; a new one is made only where something differs (a level of
 * recursion, a bound config, an input with its own timeout).
 */
export class RunContext {
  /** The number of levels in which functions may still return runnables. */
  readonly recursionLimit: number;
  readonly scope: Scope | null;
  readonly slot: Slot | null;
  readonly observer: Observer | null;
  readonly pacer: Pacer | null;
  /** True when a scope, an observer or a run name has to be looked at between two steps. False on the plain path. */
  readonly watched: boolean;
  /** True when calls made by the functions inside inherit this config; see ambient.ts. */
  readonly propagates: boolean;
  /** Whether steps stay on the event loop, however slow they are, because they are on the lane `"loop"`. */
  readonly pinned: boolean;
  /** Whether the config has a name or an id for the run itself. */
  private readonly named: boolean;
  private complete: RunnableConfig | undefined;
  private given: RunnableConfig | undefined;
  private inner: RunContext | undefined;
  private unnamedTwin: RunContext | undefined;
  private pinnedTwin: RunContext | undefined;
  private sharedTwin: RunContext | undefined;

  /**
   * @param basis The config, which nobody changes any more. It is not frozen, as it is copied for each function: to copy a frozen object
   *   costs ten times as much.
   * @param run The run whose callbacks the config has, if it brings some. Such a config is made when somebody asks for it: a step
   *   without functions of its own asks for none.
   * @param isNameless Whether the basis is that of a context around, whose name and id are not for this one.
   */
  constructor(
    private readonly basis: RunnableConfig,
    { scope, slot, observer, pacer, propagates, pinned }: Circumstances,
    private readonly run: ObservedRun | null = null,
    private readonly isNameless = false,
  ) {
    this.recursionLimit = basis.recursionLimit ?? DEFAULT_RECURSION_LIMIT;
    this.scope = scope;
    this.slot = slot;
    this.observer = observer;
    this.pacer = pacer;
    this.named = !isNameless && (basis.runName !== undefined || basis.runId !== undefined);
    this.watched = scope !== null || observer !== null || this.named;
    this.propagates = propagates;
    this.pinned = pinned;
    this.complete = undefined;
    this.given = undefined;
    this.inner = undefined;
    this.unnamedTwin = undefined;
    this.pinnedTwin = undefined;
    this.sharedTwin = undefined;
  }

  /** The config as this run sees it: frozen, complete, its timeout already turned into the signal. */
  get config(): RunnableConfig {
    this.complete ??= this.sealed(this.copied());
    return this.complete;
  }

  /** The config that the functions of this run get: one level deeper, without this run's name and id. */
  get functionConfig(): RunnableConfig {
    return this.given ?? this.give();
  }

  /** The callbacks in the configs of this run. */
  get callbacks(): unknown {
    const made = this.given ?? this.complete;
    // Some runs make their callbacks anew each time, and all configs are to have the same.
    if (made !== undefined) return made.callbacks;
    return this.run?.bringsCallbacks === true ? this.run.callbacks : this.basis.callbacks;
  }

  /** {@link config} in all but the callbacks, which may be those of the run around: it costs nothing. */
  get settings(): RunnableConfig {
    return this.basis;
  }

  private copied(): RunnableConfig {
    const { basis, run } = this;
    if (this.isNameless) return withoutName(basis);
    // With a key before those that are spread: to freeze a bare copy costs the engine four times as much.
    const copy: RunnableConfig = { recursionLimit: this.recursionLimit, ...basis };
    if (run?.bringsCallbacks === true) copy.callbacks = this.callbacks;
    return copy;
  }

  private sealed(config: RunnableConfig): RunnableConfig {
    keepLeftOut(config);
    if (this.slot !== null || this.observer !== null) (config as { [CONTEXT]?: RunContext })[CONTEXT] = this;
    return Object.freeze(config);
  }

  private give(): RunnableConfig {
    const copy = this.copied();
    const config = this.named ? withoutName(copy) : copy;
    config.recursionLimit = Math.max(0, this.recursionLimit - 1);
    this.given = this.sealed(config);
    if (this.complete !== undefined && plainContexts.get(this.complete) === this)
      plainContexts.set(config, this.descend());
    return config;
  }

  /** The context of a runnable that a function of this run returns: its config is that of the function. */
  descend(): RunContext {
    if (this.inner === undefined) {
      const config = this.functionConfig;
      this.inner ??= new RunContext(config, this, null, true);
      this.inner.complete = config;
    }
    return this.inner;
  }

  /** The context of the steps inside a run: without the run's own name and id. */
  unnamed(): RunContext {
    if (!this.named) return this;
    if (this.unnamedTwin === undefined) {
      const basis = this.run === null ? this.basis : this.config;
      // Observers look at its settings, so that it needs a config at once; otherwise the config is made when a function gets it.
      this.unnamedTwin =
        this.observer === null ? new RunContext(basis, this, null, true) : new RunContext(withoutName(basis), this);
    }
    return this.unnamedTwin;
  }

  /** The context of the steps inside an observed run. */
  observed(run: ObservedRun): RunContext {
    const { observer } = run;
    if (observer === this.observer) return this;
    if (run.isShared === true && this.sharedTwin?.run === run) return this.sharedTwin;
    const { scope, slot, pacer, pinned } = this;
    const basis = run.bringsCallbacks === true || this.run === null ? this.basis : this.config;
    const inside = new RunContext(basis, { scope, slot, observer, pacer, propagates: true, pinned }, run);
    if (run.isShared === true) this.sharedTwin = inside;
    return inside;
  }

  /** This context, for steps that stay on the event loop. */
  pin(): RunContext {
    if (this.pinned) return this;
    this.pinnedTwin ??= this.with({ pinned: true });
    return this.pinnedTwin;
  }

  /** This context, with another config or other circumstances. */
  with(changes: Partial<Circumstances> & { config?: RunnableConfig }): RunContext {
    const { config, scope = this.scope, slot = this.slot, observer = this.observer } = changes;
    const { pacer = this.pacer, propagates = this.propagates, pinned = this.pinned } = changes;
    const circumstances = { scope, slot, observer, pacer, propagates, pinned };
    return config === undefined
      ? new RunContext(this.basis, circumstances, this.run, this.isNameless)
      : new RunContext({ ...config }, circumstances);
  }
}

/** A config without the run's own name and id. Not by deleting keys: copies of an object that has lost some are three times dearer. */
function withoutName({ runName, runId, ...config }: RunnableConfig): RunnableConfig {
  return config;
}

/** The contexts of calls without a config, by the configs that functions get in them: such a config costs nothing to pass on. */
const plainContexts = new WeakMap<object, RunContext>();

function plainContext(circumstances: Circumstances): RunContext {
  const context = new RunContext({ tags: [], metadata: {}, recursionLimit: DEFAULT_RECURSION_LIMIT }, circumstances);
  Object.freeze(context.config.tags);
  Object.freeze(context.config.metadata);
  plainContexts.set(context.config, context);
  return context;
}

/** The context of every call without a config: shared, frozen, never allocated. */
export const PLAIN: RunContext = plainContext(NOTHING);

const plainBatches = new WeakMap<Pacer, RunContext>();

/** {@link PLAIN} for the inputs of a batch, whose sync work is sliced by `pacer`. */
function plainBatch(pacer: Pacer): RunContext {
  let context = plainBatches.get(pacer);
  if (context === undefined) {
    context = plainContext({ ...NOTHING, pacer });
    plainBatches.set(pacer, context);
  }
  return context;
}

/** The part of a call's config that differs from input to input of a batch. */
export interface CallOptions {
  /** Slices the sync work of a batch. @default null */
  pacer?: Pacer | null;
  /** The limit in the place of `config.maxConcurrency`. */
  maxConcurrency?: number | undefined;
  /** Makes the call abortable by its scope even when the config has no signal and no timeout. @default false */
  abortable?: boolean;
  /** Leaves the config's timeout to the inputs. @default false */
  timeoutPerInput?: boolean;
  /** The step that keeps the time of the call itself; see {@link Step.timeoutOwner}. */
  timeoutOwner?: Step | undefined;
  /** The step that the call is made on. */
  step?: Step;
}

/**
 * Makes the context of a call from the config it was given.
 *
 * @throws RUNLANE_INVALID_CONFIG
 */
export function openContext(options: Partial<RunnableConfig> | null | undefined, call: CallOptions = {}): RunContext {
  const { pacer = null, maxConcurrency, abortable = false, timeoutPerInput = false, timeoutOwner, step } = call;
  const isPlain = maxConcurrency === undefined && !abortable && !isAmbientUnmeasured() && !isMeasured(step);
  if (options === undefined || options === null) {
    if (isPlain) return pacer === null ? PLAIN : plainBatch(pacer);
    return openContext({}, call);
  }
  const plain = plainContexts.get(options);
  if (plain !== undefined && isPlain) {
    return plain.pacer === pacer ? plain : plain.with({ pacer });
  }
  if (isPlain && saysNothing(options)) return pacer === null ? PLAIN : plainBatch(pacer);
  const implicit = implicitConfig();
  const origin = ((options as { [CONTEXT]?: RunContext })[CONTEXT] ??
    (implicit as { [CONTEXT]?: RunContext } | undefined)?.[CONTEXT]) as RunContext | undefined;
  const config: RunnableConfig = { tags: [], metadata: {}, recursionLimit: DEFAULT_RECURSION_LIMIT };
  if (implicit !== undefined && implicit !== options) {
    for (const key of Object.keys(implicit)) if (implicit[key] !== undefined) setOwn(config, key, implicit[key]);
    delete config.runName;
    delete config.runId;
  }
  copyValid(options, config);
  copyLeftOut(options, config);
  const model = ownValue(config.configurable, "model");
  if (typeof model === "string" && ownValue(config.metadata, "model") === undefined)
    config.metadata = { ...config.metadata, model };
  const { timeout, signal } = config;
  if (timeout !== undefined) {
    delete config.timeout;
    config.metadata = { timeoutMs: timeout, ...config.metadata };
  }
  const scopeTimeout = timeoutPerInput ? undefined : timeout;
  const scope =
    signal === undefined && scopeTimeout === undefined && !abortable
      ? null
      : new Scope(signal, scopeTimeout, abortable, timeoutOwner);
  if (scope !== null) {
    config.signal = scope.signal;
    // The inputs of a batch start one by one.
    if (pacer !== null) scope.share();
  }
  if (maxConcurrency !== undefined) config.maxConcurrency = maxConcurrency;
  const given = (options as { [OBSERVER]?: Observer })[OBSERVER] ?? origin?.observer ?? null;
  const around = observerOfCalls(step, given);
  // Callbacks that are those of the call around are part of its observer already.
  const brings = config.callbacks !== origin?.callbacks || isListened();
  const observer = brings ? openObserver(config, around) : around;
  const slot = openSlot(config.maxConcurrency, origin);
  return new RunContext(config, { scope, slot, observer, pacer, propagates: true, pinned: false });
}

/**
 * Whether a config is empty: a server hands on the config that it was given, which often is. The symbols are asked for one by one:
 * to list those of an object costs as much as the call.
 */
export function saysNothing(options: Partial<RunnableConfig>): boolean {
  for (const key in options) if (options[key] !== undefined) return false;
  const hidden = options as { [CONTEXT]?: unknown; [OBSERVER]?: unknown };
  return hidden[CONTEXT] === undefined && hidden[OBSERVER] === undefined && !hasLeftOut(options);
}

/** The slot of a call. One made with the config of the call around it shares that call's budget; a smaller limit narrows it. */
function openSlot(limit: number | undefined, origin: RunContext | undefined): Slot | null {
  const around = origin?.slot ?? null;
  if (limit === undefined || limit === Number.POSITIVE_INFINITY) return around;
  if (around === null) return new Budget(limit).slot;
  return limit === origin?.settings.maxConcurrency ? around : around.narrow(limit);
}
