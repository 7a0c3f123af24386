import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import type { Step } from "../../core/step.ts";
import { tracing, withCarrier } from "../../core/tracing.ts";
import type { LaneCallOptions } from "../../lanes/lane.ts";
import { isSame } from "./same.ts";
import { sentConfig } from "./travelling-config.ts";

/** Makes the options of lane calls from the contexts of calls. The inputs of a batch share one object. */
export class LaneCalls {
  private last: LaneCallOptions = {};
  private lastConfig: RunnableConfig | undefined;

  /** @param step The step that has the lane. */
  constructor(private readonly step: Step) {}

  of(ctx: RunContext): LaneCallOptions | undefined {
    const options = ctx.propagates || ctx.observer !== null ? this.optionsOf(ctx) : undefined;
    const carrier = tracing.current?.inject();
    if (carrier === undefined) return options;
    return { ...options, config: withCarrier(options?.config as object | undefined, carrier) };
  }

  private optionsOf(ctx: RunContext): LaneCallOptions {
    const { scope } = ctx;
    const signal = scope?.signal;
    const timeoutMs = scope?.keeper === this.step ? scope.timeoutMs : undefined;
    const config = this.dataOf(ctx.config);
    const observer = ctx.observer?.stage?.(this.step);
    const { last } = this;
    if (last.signal === signal && last.timeoutMs === timeoutMs && last.config === config && last.observer === observer)
      return last;
    this.last = { signal, timeoutMs, config, observer };
    return this.last;
  }

  /** The part of a config that travels. Configs that say the same give one object, which is sent once. */
  private dataOf(config: RunnableConfig): object | undefined {
    if (this.lastConfig === config) return this.last.config as object | undefined;
    this.lastConfig = config;
    const data = sentConfig(config, this.step.laneName !== "process");
    return isSame(data, this.last.config, 2) ? (this.last.config as object | undefined) : data;
  }
}
