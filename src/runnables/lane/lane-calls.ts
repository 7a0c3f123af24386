import type { RunnableConfig } from "../../core/config.ts";
import { PLAIN, type RunContext } from "../../core/context.ts";
import { setOwn } from "../../core/own.ts";
import type { Step } from "../../core/step.ts";
import type { LaneCallOptions } from "../../lanes/lane.ts";

/** What of the contexts of calls goes to a lane with them. The inputs of a batch share one object. */
export class LaneCalls {
  private last: LaneCallOptions = {};
  private lastConfig: RunnableConfig | undefined;

  /** @param step The step that has the lane. */
  constructor(private readonly step: Step) {}

  of(ctx: RunContext): LaneCallOptions | undefined {
    if (!ctx.propagates && ctx.observer === null) return undefined;
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
    const data = travelling(config);
    return isSame(data, this.last.config, 2) ? (this.last.config as object | undefined) : data;
  }
}

const STAYING = new Set(["callbacks", "signal", "store", "runName", "runId", "maxConcurrency", "timeout"]);

/** The part of a config that travels to a lane, or into a call that several share. Nothing, when the config says nothing. */
export function travelling(config: RunnableConfig): Record<string, unknown> | undefined {
  const data: Record<string, unknown> = {};
  let isPlain = true;
  for (const [key, value] of Object.entries(config)) {
    if (value === undefined || STAYING.has(key)) continue;
    setOwn(data, key, key === "configurable" ? withoutInternals(value) : value);
    isPlain &&= isSame(value, PLAIN.config[key], 1);
  }
  return isPlain ? undefined : data;
}

/** Libraries keep objects of this thread in a config, under keys like LangGraph's `__pregel_send`. */
function withoutInternals(configurable: object): object {
  const keys = Object.keys(configurable);
  if (!keys.some((key) => key.startsWith("__"))) return configurable;
  return Object.fromEntries(Object.entries(configurable).filter(([key]) => !key.startsWith("__")));
}

/** Whether two values say the same, as far as so many levels of arrays and plain objects show. */
function isSame(one: unknown, other: unknown, levels: number): boolean {
  if (Object.is(one, other)) return true;
  if (levels === 0 || !isPlainData(one) || !isPlainData(other) || Array.isArray(one) !== Array.isArray(other))
    return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key], levels - 1))
  );
}

function isPlainData(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}
