import type { RunnableBatchOptions } from "../batching/inputs.ts";
import { ensureConfig, type RunnableConfig } from "../core/config.ts";
import { runlaneError } from "../core/errors/errors.ts";
import { abortError, raceWithSignal } from "../core/signal.ts";
import { asGenerator, type Chunks, closeQuietly } from "../core/streams/chunks.ts";
import { type Join, joinedBy } from "../core/streams/joins.ts";
import { Joined, recorded } from "../core/streams/recording.ts";
import { asInput, asOutput } from "../observe/as-object.ts";
import { managerFor } from "../observe/callbacks.ts";
import type { ChainRun } from "../observe/run-manager.ts";
import { tapped } from "../observe/taps.ts";

/**
 * The functions behind the methods that classes written for LangChain call on themselves to report their runs. Runlane's own classes do
 * without: the kernel observes them.
 */

/** The runnable whose runs are reported. */
interface Reporter {
  getName(): string;
  toJSON(): unknown;
  readonly ownJoin?: Join | undefined;
}

/** Options of a run that reports itself; `runType` says what kind of run it is. @default "chain" */
export type ReportedOptions = Partial<RunnableConfig> & { runType?: string };

/** The function that `_callWithConfig` calls and reports as a run. */
export type ReportedFunc<In, Out, Options extends RunnableConfig = RunnableConfig> = (
  input: In,
  config?: Partial<Options>,
  runManager?: ChainRun,
) => Promise<Out>;

/** Runs one input and reports it. */
export async function callReported<In, Out>(
  reporter: Reporter,
  func: ReportedFunc<In, Out>,
  input: In,
  options: ReportedOptions | undefined,
): Promise<Out> {
  const config = ensureConfig<RunnableConfig>(options);
  const run = await startRun(reporter, asInput(input), config);
  let output: Out;
  try {
    checkSignal(config);
    output = await raceWithSignal(func.call(reporter, input, config, run), config.signal);
  } catch (error) {
    await run?.handleChainError(error);
    throw error;
  }
  await run?.handleChainEnd(asOutput(output));
  return output;
}

/** Runs many inputs in one call and reports each of them. */
export async function batchReported<In, Out>(
  reporter: Reporter,
  func: (
    inputs: In[],
    configs?: RunnableConfig[],
    runs?: (ChainRun | undefined)[],
    batchOptions?: RunnableBatchOptions,
  ) => Promise<(Out | Error)[]>,
  inputs: In[],
  options: ReportedOptions | ReportedOptions[] | undefined,
  batchOptions: RunnableBatchOptions | undefined,
): Promise<(Out | Error)[]> {
  const configs = configsFor(options, inputs.length);
  const starting = inputs.map((input, index) => startRun(reporter, asInput(input), configs[index] as RunnableConfig));
  const runs = await Promise.all(starting);
  let outputs: (Out | Error)[];
  try {
    if (configs[0] !== undefined) checkSignal(configs[0]);
    outputs = await raceWithSignal(func.call(reporter, inputs, configs, runs, batchOptions), configs[0]?.signal);
  } catch (error) {
    await Promise.all(runs.map((run) => run?.handleChainError(error)));
    throw error;
  }
  const reports = runs.map((run, index) => {
    const output = outputs[index];
    return output instanceof Error ? run?.handleChainError(output) : run?.handleChainEnd(asOutput(output));
  });
  await Promise.all(reports);
  return outputs;
}

/** Turns chunks into chunks and reports it as one run. */
export async function* transformReported<In, Out>(
  reporter: Reporter,
  chunks: Chunks<In>,
  transform: (chunks: AsyncGenerator<In>, run?: ChainRun, options?: Partial<RunnableConfig>) => AsyncGenerator<Out>,
  options: ReportedOptions | undefined,
): AsyncGenerator<Out, void> {
  const config = ensureConfig<RunnableConfig>(options);
  const input = Joined.of(chunks);
  const arriving = await recorded(chunks, input);
  const run = await startRun(reporter, { input: "" }, config, { lc_defers_inputs: true });
  let open = true;
  let source: AsyncGenerator<Out> | undefined;
  let output: Joined | undefined;
  const inputs = (): { inputs: unknown } => ({ inputs: asInput(input.value) });
  try {
    const made = transform.call(reporter, asGenerator(arriving as AsyncIterable<In>), run, config);
    if (reporter.ownJoin !== undefined) joinedBy(made, reporter.ownJoin);
    output = Joined.of(made);
    source = run === undefined ? made : tapped(run.handlers, run.runId, made);
    for (;;) {
      checkSignal(config);
      const result = await raceWithSignal(source.next(), config.signal);
      if (result.done === true) break;
      output.add(result.value);
      yield result.value;
    }
    open = false;
  } catch (error) {
    open = false;
    if (source !== undefined) closeQuietly(source);
    await run?.handleChainError(error, undefined, undefined, undefined, inputs());
    throw error;
  } finally {
    await arriving.close();
    if (open) {
      if (source !== undefined) closeQuietly(source);
      await run?.handleChainEnd(output?.value ?? {}, undefined, undefined, undefined, inputs());
    }
  }
  await run?.handleChainEnd(output?.value ?? {}, undefined, undefined, undefined, inputs());
}

/** A complete config for each input. The run id of a shared one is the first input's alone. @throws RUNLANE_CONFIG_COUNT */
export function configsFor<Options extends Partial<RunnableConfig>>(
  options: Options | Options[] | undefined,
  count: number,
): (Options & RunnableConfig)[] {
  if (Array.isArray(options)) {
    if (options.length !== count)
      throw runlaneError("RUNLANE_CONFIG_COUNT", { inputs: count, configs: options.length });
    return options.map((config) => ensureConfig(config) as Options & RunnableConfig);
  }
  const { runId, ...rest }: Partial<RunnableConfig> = options ?? {};
  return Array.from({ length: count }, (_, index) => {
    const config = index === 0 && runId !== undefined ? { ...rest, runId } : rest;
    return ensureConfig<RunnableConfig>(config) as Options & RunnableConfig;
  });
}

const CONFIG_KEYS = [
  "callbacks",
  "tags",
  "metadata",
  "runName",
  "configurable",
  "recursionLimit",
  "maxConcurrency",
  "runId",
  "timeout",
  "signal",
] as const;

/** The config in some call options, complete, and the rest of them. */
export function separateConfig<Options extends Partial<RunnableConfig>>(
  options: Options | undefined,
): [RunnableConfig, Omit<Options, keyof RunnableConfig>] {
  const config: RunnableConfig = {};
  const rest: Record<string, unknown> = { ...options };
  for (const key of CONFIG_KEYS) {
    if (options?.[key] !== undefined) config[key] = options[key];
    delete rest[key];
  }
  return [ensureConfig(config), rest as Omit<Options, keyof RunnableConfig>];
}

async function startRun(
  reporter: Reporter,
  inputs: unknown,
  config: RunnableConfig,
  extra?: Record<string, unknown>,
): Promise<ChainRun | undefined> {
  const { runId, runType, runName } = config;
  const name = runName ?? reporter.getName();
  const none = undefined;
  const manager = managerFor(config);
  const run = manager?.handleChainStart(reporter.toJSON(), inputs, runId, runType, none, none, name, none, extra);
  delete config.runId;
  return run;
}

function checkSignal({ signal }: RunnableConfig): void {
  if (signal?.aborted === true) throw abortError(signal);
}
