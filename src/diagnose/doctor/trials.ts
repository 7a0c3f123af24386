import type { ObservedRun, Observer } from "../../core/observer.ts";
import { withObserver } from "../../core/observer.ts";
import type { Step } from "../../core/step.ts";
import { LoopClock } from "../../observe/loop-clock.ts";
import type { Variant } from "./candidate.ts";
import { median, percentile } from "./prove.ts";
import type { Metric } from "./types.ts";

/** The time of two beats of the loop's clock, in milliseconds: a delay between them is seen. */
const BEATS_MS = 25;

/** The delay of a loop, in milliseconds, below which it counts as punctual. */
const PUNCTUAL_MS = 5;

/** Runs a pipeline to measure one metric once; lower is better. */
export const MEASURE: Readonly<Record<Metric, (variant: Variant, inputs: readonly unknown[]) => Promise<number>>> = {
  "batch ms": async (variant, inputs) => {
    const started = performance.now();
    await runBatch(variant, inputs);
    return performance.now() - started;
  },
  "p50 of single calls, ms": async ({ runnable, config }, inputs) => {
    const times: number[] = [];
    for (const input of inputs) times.push(await timed(() => runnable.invoke(input, config)));
    return median(times);
  },
  "time to the first output, ms": ({ runnable, config }, inputs) => timed(() => runnable.invoke(inputs[0], config)),
  "loop delay p99, ms": async (variant, inputs) => {
    const clock = new LoopClock();
    try {
      await beats();
      clock.take();
      await beats();
      await runBatch(variant, inputs);
      await beats();
      return Math.max(PUNCTUAL_MS, clock.take().p99Ms);
    } finally {
      clock.stop();
    }
  },
  "failed attempts per input": async (variant, inputs) => {
    const counting = new Counting();
    await runBatch(variant, inputs, counting);
    // One failure more on both sides: none at all would be better without end.
    return (counting.failed + 1) / inputs.length;
  },
  "p99 of inputs in the batch, ms": async (variant, inputs) => {
    const counting = new Counting(variant.runnable as unknown as Step);
    await runBatch(variant, inputs, counting);
    return percentile(counting.wallMs, 0.99);
  },
};

/** Runs inputs as a batch; those that fail have their errors in their places. */
export function runBatch(
  { runnable, config = {} }: Variant,
  inputs: readonly unknown[],
  observer?: Observer,
): Promise<unknown[]> {
  const options = observer === undefined ? config : withObserver(config, observer);
  return runnable.batch([...inputs], options, { returnExceptions: true });
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run().catch(() => {});
  return performance.now() - started;
}

function beats(): Promise<void> {
  return new Promise((done) => setTimeout(done, BEATS_MS));
}

/** Counts the runs of functions that fail, and times those of one step. */
class Counting implements Observer {
  failed = 0;
  readonly wallMs: number[] = [];

  constructor(private readonly timed?: Step) {}

  forInput(): Observer {
    return this;
  }

  withoutCallbacks(): Observer {
    return this;
  }

  start(step: Step): ObservedRun {
    const started = performance.now();
    const ended = (): undefined => {
      if (step === this.timed) this.wallMs.push(performance.now() - started);
      return undefined;
    };
    const isFunction = (step as { node?: { kind: string } }).node?.kind === "lambda";
    return {
      observer: this,
      end: ended,
      fail: () => {
        if (isFunction) this.failed++;
        return ended();
      },
    };
  }
}
