import type { RunnableBatchOptions } from "../batching/inputs.ts";
import type { RunnableConfig } from "../core/config.ts";
import { Serializable } from "../core/serialization/serializable.ts";
import type { ChainRun } from "../observe/run-manager.ts";
import {
  batchReported,
  callReported,
  configsFor,
  type ReportedFunc,
  separateConfig,
  transformReported,
} from "./hooks.ts";

/** The methods that classes written for LangChain call on themselves to report their runs. */
export abstract class LangChainHooks<RunInput, RunOutput, CallOptions extends RunnableConfig> extends Serializable {
  abstract getName(suffix?: string): string;

  /** LangChain's hook: runs `func` as one reported run. @internal */
  protected _callWithConfig<In extends RunInput>(
    func: ((input: In) => Promise<RunOutput>) | ReportedFunc<In, RunOutput, CallOptions>,
    input: In,
    options?: Partial<CallOptions> & { runType?: string },
  ): Promise<RunOutput> {
    return callReported(this, func as ReportedFunc<In, RunOutput>, input, options);
  }

  /** LangChain's hook: runs `func` on many inputs as that many reported runs. @internal */
  protected _batchWithConfig<In extends RunInput>(
    func: (
      inputs: In[],
      configs?: Partial<CallOptions>[],
      runs?: (ChainRun | undefined)[],
      batchOptions?: RunnableBatchOptions,
    ) => Promise<(RunOutput | Error)[]>,
    inputs: In[],
    options?: Partial<CallOptions & { runType?: string }> | Partial<CallOptions & { runType?: string }>[],
    batchOptions?: RunnableBatchOptions,
  ): Promise<(RunOutput | Error)[]> {
    return batchReported(
      this,
      func as Parameters<typeof batchReported<In, RunOutput>>[1],
      inputs,
      options,
      batchOptions,
    );
  }

  /** LangChain's hook: turns chunks into chunks as one reported run. @internal */
  protected _transformStreamWithConfig<In extends RunInput, Out extends RunOutput>(
    chunks: AsyncGenerator<In>,
    transformer: (
      generator: AsyncGenerator<In>,
      runManager?: ChainRun,
      options?: Partial<CallOptions>,
    ) => AsyncGenerator<Out>,
    options?: Partial<CallOptions> & { runType?: string },
  ): AsyncGenerator<Out> {
    return transformReported(this, chunks, transformer as Parameters<typeof transformReported<In, Out>>[2], options);
  }

  /** LangChain's hook: a complete config for each input. @internal */
  protected _getOptionsList(
    options: Partial<CallOptions> | Partial<CallOptions>[] = {},
    length = 0,
  ): Partial<CallOptions>[] {
    return configsFor(options, length);
  }

  /** LangChain's hook: the config in some call options, and the rest of them. @internal */
  protected _separateRunnableConfigFromCallOptions(
    options: Partial<CallOptions> = {},
  ): [RunnableConfig, Omit<Partial<CallOptions>, keyof RunnableConfig>] {
    return separateConfig(options);
  }
}
