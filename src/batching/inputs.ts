import type { Slot } from "../core/budget.ts";
import type { RunnableConfig } from "../core/config.ts";
import { openContext, type RunContext } from "../core/context.ts";
import { runlaneError } from "../core/errors/errors.ts";
import { Scope } from "../core/scope.ts";
import { startCall } from "../core/start-step.ts";
import type { Step } from "../core/step.ts";
import { loopPacer } from "./pacer.ts";

/** Options that concern the whole batch. */
export interface RunnableBatchOptions {
  /** @deprecated Use `config.maxConcurrency`. */
  maxConcurrency?: number;
  /**
   * Whether the error of a failed input stands in its place in the result. Otherwise the first failure rejects the batch, and inputs
   * that have not started never do. @default false
   */
  returnExceptions?: boolean;
}

/** The runs of the inputs of one call: one step, a context for each input. */
export class InputRuns {
  /** The context of the call, which all inputs share. */
  readonly call: RunContext;
  private readonly configs: readonly (Partial<RunnableConfig> | undefined)[] | undefined;
  private readonly timeoutMs: number | undefined;
  private readonly runId: string | undefined;
  /** Whether every input can run in the context of the call itself. */
  readonly shared: boolean;
  /** The stages that inputs go through, where they need not start one by one. */
  readonly stages: readonly Step[] | undefined;

  constructor(
    readonly step: Step,
    options: Partial<RunnableConfig> | readonly Partial<RunnableConfig>[] | undefined,
    {
      count,
      maxConcurrency,
      abortable = false,
    }: { count?: number; maxConcurrency?: number | undefined; abortable?: boolean },
  ) {
    if (Array.isArray(options)) {
      if (options.length !== count) {
        throw runlaneError("RUNLANE_CONFIG_COUNT", { inputs: count ?? "any number of", configs: options.length });
      }
      this.configs = [...options];
      const limit = options[0]?.maxConcurrency ?? maxConcurrency;
      this.call = openContext(undefined, { pacer: loopPacer, maxConcurrency: limit, abortable, step });
      this.shared = false;
      this.stages = undefined;
      return;
    }
    const config = options as Partial<RunnableConfig> | undefined;
    const { timeoutOwner } = step;
    this.timeoutMs = timeoutOwner === undefined ? config?.timeout : undefined;
    this.runId = config?.runId;
    const limit = config?.maxConcurrency ?? maxConcurrency;
    this.call = openContext(config, {
      pacer: loopPacer,
      maxConcurrency: limit,
      abortable,
      timeoutPerInput: timeoutOwner === undefined,
      timeoutOwner,
      step,
    });
    const alike = this.timeoutMs === undefined && this.runId === undefined;
    this.shared = alike && this.call.slot === null && this.call.observer === null;
    this.stages = alike ? stagesFor(step, this.call) : undefined;
  }

  /** Starts one input. */
  run(input: unknown, index: number, slot: Slot | null): unknown {
    if (this.shared) return startCall(this.step, input, this.call);
    const ctx = this.contextOf(index, slot);
    const { scope } = ctx;
    if (scope === null || scope === this.call.scope) return startCall(this.step, input, ctx);
    return scope.guard(() => startCall(this.step, input, ctx));
  }

  private contextOf(index: number, slot: Slot | null): RunContext {
    const { call } = this;
    if (this.configs !== undefined) {
      const { maxConcurrency, ...config } = this.configs[index] ?? {};
      const { step } = this;
      const own = openContext(config, { pacer: loopPacer, timeoutOwner: step.timeoutOwner, step });
      return slot === null ? own : own.with({ slot });
    }
    let { config } = call;
    if (this.runId !== undefined && index > 0) {
      const { runId, ...rest } = config;
      config = rest;
    }
    const observer = call.observer === null ? null : call.observer.forInput(index);
    if (this.timeoutMs === undefined) return call.with({ config, slot, observer });
    const scope = new Scope(call.scope?.signal, this.timeoutMs);
    return call.with({ config: { ...config, signal: scope.signal }, slot, observer, scope });
  }
}

/** The stages of a step for inputs that share a context; undefined where each input has to be run, or looked at, by itself. */
export function stagesFor(step: Step, { slot, observer }: RunContext): readonly Step[] | undefined {
  return slot === null && (observer === null || observer.stage !== undefined) ? step.stages : undefined;
}
