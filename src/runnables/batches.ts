import { runOwned } from "../batching/batch.ts";
import { type BatchStreamOptions, DEFAULT_STREAM_CONCURRENCY, streamOutcomes } from "../batching/batch-stream.ts";
import { Gather, ownInputs } from "../batching/gather.ts";
import { InputRuns, type RunnableBatchOptions } from "../batching/inputs.ts";
import type { Outcome } from "../batching/outcome.ts";
import type { RunnableConfig } from "../core/config.ts";
import { describe, runlaneError } from "../core/errors/errors.ts";
import { RunnableBase } from "./base.ts";
import type { RunnableInterface } from "./types.ts";

/** The part of a runnable that runs many inputs. */
export abstract class RunnableBatches<RunInput, RunOutput, CallOptions extends RunnableConfig>
  extends RunnableBase<RunInput, RunOutput, CallOptions>
  implements RunnableInterface<RunInput, RunOutput, CallOptions>
{
  /**
   * Runs many inputs, all at once unless `maxConcurrency` bounds them. Sync work yields to timers and I/O every 8 ms.
   *
   * @param options One config for all inputs, or one for each. `timeout` counts for each input, from its start.
   * @returns The outputs in the order of the inputs. The first failure rejects, and inputs that have not started never do; with
   *   `returnExceptions` each failed input has its error in its place.
   * @throws RUNLANE_CONFIG_COUNT, RUNLANE_INVALID_CONFIG
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const parse = RunnableLambda.from((text: string): unknown => JSON.parse(text));
   * await parse.batch(["1", "[2]"], { maxConcurrency: 8 }); // [1, [2]]
   * await parse.batch(["1", "?"], {}, { returnExceptions: true }); // [1, a SyntaxError]
   * ```
   */
  batch(
    inputs: RunInput[],
    options?: Partial<CallOptions> | Partial<CallOptions>[],
    batchOptions?: RunnableBatchOptions & { returnExceptions?: false },
  ): Promise<RunOutput[]>;
  batch(
    inputs: RunInput[],
    options?: Partial<CallOptions> | Partial<CallOptions>[],
    batchOptions?: RunnableBatchOptions & { returnExceptions: true },
  ): Promise<(RunOutput | Error)[]>;
  batch(
    inputs: RunInput[],
    options?: Partial<CallOptions> | Partial<CallOptions>[],
    batchOptions?: RunnableBatchOptions,
  ): Promise<(RunOutput | Error)[]>;
  async batch(
    inputs: RunInput[],
    options?: Partial<CallOptions> | Partial<CallOptions>[],
    batchOptions: RunnableBatchOptions = {},
  ): Promise<(RunOutput | Error)[]> {
    if (!Array.isArray(inputs)) {
      throw runlaneError("RUNLANE_INVALID_INPUT", {
        where: "batch",
        expected: "an array of inputs",
        received: describe(inputs),
      });
    }
    const { maxConcurrency, returnExceptions } = batchOptions;
    const runs = new InputRuns(this, options, { count: inputs.length, maxConcurrency });
    const { call } = runs;
    const gathering = { returnExceptions, slot: call.slot, signal: call.scope?.signal };
    try {
      const own = ownInputs(inputs);
      if (runs.shared || runs.stages !== undefined) return (await runOwned(this, own, call, gathering)) as RunOutput[];
      const launch = (index: number, slot: typeof call.slot): unknown => runs.run(own[index], index, slot);
      return (await new Gather(own.length, launch, gathering).run()) as RunOutput[];
    } finally {
      call.scope?.close();
    }
  }

  /**
   * Runs many inputs and yields `[index, outcome]` for each as it completes. A failed input is an outcome like any other; the rest
   * goes on. Leaving the loop stops what has not started and aborts what has.
   *
   * @throws What `batch` throws, and an `AbortError` when `config.signal` aborts.
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const fetchAll = RunnableLambda.from(async (ms: number) => new Promise<number>((done) => setTimeout(done, ms, ms)));
   * for await (const [index, outcome] of fetchAll.batchAsCompleted([20, 1])) console.log(index, outcome.status); // 1, then 0
   * ```
   */
  async *batchAsCompleted(
    inputs: readonly RunInput[],
    options?: Partial<CallOptions> | Partial<CallOptions>[],
    batchOptions: Pick<RunnableBatchOptions, "maxConcurrency"> = {},
  ): AsyncGenerator<[index: number, outcome: Outcome<RunOutput>], void> {
    const { maxConcurrency } = batchOptions;
    const runs = new InputRuns(this, options, { count: inputs.length, maxConcurrency, abortable: true });
    yield* streamOutcomes<RunOutput>(runs, [...inputs], { ordered: false, concurrency: Number.POSITIVE_INFINITY });
  }

  /**
   * Runs the inputs of any iterable or async iterable and yields `[index, outcome]` for each. Memory stays bounded: the source is
   * read only as fast as outcomes are taken, at most twice `maxConcurrency` inputs ahead of them. A failed input is an outcome like
   * any other. When the source throws, what was read finishes first. Leaving the loop closes the source.
   *
   * @param options The config of all inputs (`maxConcurrency` is 64 unless set), and `ordered`: whether outcomes come in the order
   *   of the inputs (the default) or as they complete.
   * @throws What the source throws, RUNLANE_INVALID_CONFIG, and an `AbortError` when `config.signal` aborts.
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * function* lines() {
   *   for (let n = 0; n < 3; n++) yield `line ${n}`;
   * }
   * const shout = RunnableLambda.from((line: string) => line.toUpperCase());
   * for await (const [index, outcome] of shout.batchStream(lines())) console.log(index, outcome);
   * ```
   */
  async *batchStream(
    source: Iterable<RunInput> | AsyncIterable<RunInput>,
    options: Partial<CallOptions> & BatchStreamOptions = {},
  ): AsyncGenerator<[index: number, outcome: Outcome<RunOutput>], void> {
    if (!isIterable(source)) {
      throw runlaneError("RUNLANE_INVALID_INPUT", {
        where: "batchStream",
        expected: "an iterable or async iterable",
        received: describe(source),
      });
    }
    const { ordered = true, ...config } = options;
    const runs = new InputRuns(this, config as Partial<CallOptions>, { abortable: true });
    const concurrency = runs.call.config.maxConcurrency ?? DEFAULT_STREAM_CONCURRENCY;
    yield* streamOutcomes<RunOutput>(runs, source, { ordered, concurrency });
  }
}

function isIterable(source: unknown): boolean {
  if (typeof source === "string") return true;
  return typeof source === "object" && source !== null && (Symbol.iterator in source || Symbol.asyncIterator in source);
}
