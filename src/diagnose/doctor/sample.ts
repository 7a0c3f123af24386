import { readFileSync } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { RunnableConfig } from "../../core/config.ts";
import { withObserver } from "../../core/observer.ts";
import type { Step } from "../../core/step.ts";
import { LoopClock } from "../../observe/loop-clock.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import { Probe, type StepProbe } from "./probe.ts";
import { median } from "./prove.ts";

/** The number of single calls after the first one. */
const SINGLES = 6;

/** The share of the time for the batch, if its inputs run one after the other. */
const SHARE = 0.2;
/** The least number of inputs of the batch. */
const LEAST_INPUTS = 8;
/** The share of the time for single calls. */
const SINGLES_SHARE = 0.05;

/** The measurements of a run of the sample. Times are in milliseconds. */
export interface Sample {
  readonly root: Runnable;
  readonly inputs: readonly unknown[];
  readonly config: Partial<RunnableConfig>;
  /** The steps in the batch, in the order of their first runs. */
  readonly probes: readonly StepProbe[];
  /** The median of single calls of a step, one at a time. */
  singleMs(step: Step): number;
  /** The median of what a step does in them before it first waits. */
  singleSyncMs(step: Step): number;
  /** The time of the very first call. */
  readonly firstMs: number;
  /** The time that resources took to load in it. */
  readonly loadMs: number;
  /** The median of the single calls after it. */
  readonly nextMs: number;
  readonly batchMs: number;
  readonly outputs: readonly unknown[];
  readonly loopP99Ms: number;
  /** The share of the batch in which the collector of garbage ran. */
  readonly gcShare: number;
  /** The share of the time in which this thread had work and no core. */
  readonly starvedShare: number;
  /** The memory that the batch left behind, without its outputs, in bytes. */
  readonly keptBytes: number;
  /** The processor time of the process in the batch, as a share of its length. */
  readonly cpuShare: number;
}

/** Runs the sample: the first call alone, some more alone, and all as a batch. */
export async function takeSample(
  root: Runnable,
  given: readonly unknown[],
  config: Partial<RunnableConfig>,
  budgetMs: number,
): Promise<Sample> {
  const probe = new Probe();
  const observed = withObserver({ ...config }, probe);
  try {
    const loadsBefore = loadsOf(root);
    const firstMs = await timed(() => root.invoke(given[0], observed));
    const loadMs = loadsOf(root) - loadsBefore;
    probe.clear();
    const singles: number[] = [];
    const enoughAt = performance.now() + SINGLES_SHARE * budgetMs;
    for (const input of given.slice(1, 1 + SINGLES)) {
      singles.push(await timed(() => root.invoke(input, observed)));
      if (performance.now() > enoughAt) break;
    }
    const inputs = given.slice(
      0,
      Math.max(LEAST_INPUTS, Math.floor((SHARE * budgetMs) / Math.max(median(singles), 0.01))),
    );
    const alone = new Map(
      [...probe.steps].map(([step, { wallMs, syncMs }]) => [step, { ms: median(wallMs), syncMs: median(syncMs) }]),
    );
    probe.clear();
    const collected = collectGarbage();
    const heapBefore = process.memoryUsage().heapUsed;
    const [clock, gc, starved, cpu] = [new LoopClock(), new GarbageClock(), starvation(), process.cpuUsage()];
    // The first beat of the clock.
    await new Promise((done) => setTimeout(done, 30));
    clock.take();
    await new Promise((done) => setTimeout(done, 15));
    const started = performance.now();
    let outputs: readonly unknown[] = await root.batch([...inputs], observed, { returnExceptions: true });
    const batchMs = performance.now() - started;
    const used = process.cpuUsage(cpu);
    const starvedShare = starved();
    await new Promise((done) => setTimeout(done, 15));
    const { p99Ms } = clock.take();
    clock.stop();
    const gcMs = gc.stop();
    const kept = outputs;
    outputs = [];
    if (collected) collectGarbage();
    const keptBytes = collected ? process.memoryUsage().heapUsed - heapBefore - sizeOf(kept) : 0;
    return {
      root,
      inputs,
      config,
      probes: [...probe.steps.values()].filter(({ runs }) => runs > 0),
      singleMs: (step) => alone.get(step)?.ms ?? 0,
      singleSyncMs: (step) => alone.get(step)?.syncMs ?? 0,
      firstMs,
      loadMs,
      nextMs: median(singles),
      batchMs,
      outputs: kept,
      loopP99Ms: p99Ms,
      gcShare: gcMs / Math.max(batchMs, 1),
      starvedShare,
      keptBytes,
      cpuShare: (used.user + used.system) / 1000 / Math.max(batchMs, 1),
    };
  } finally {
    probe.stop();
  }
}

/** The time of the loads of a runnable's resources so far, in milliseconds. */
function loadsOf(root: Runnable): number {
  return root.resources().reduce((sum, { loads, loadMs }) => (Number(loads) > 0 ? sum + (loadMs ?? 0) : sum), 0);
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run().catch(() => {});
  return performance.now() - started;
}

let collect: (() => void) | undefined;

/** Collects garbage, where the engine lets that be asked for. */
function collectGarbage(): boolean {
  try {
    if (collect === undefined) {
      setFlagsFromString("--expose-gc");
      collect = runInNewContext("gc") as () => void;
    }
    collect();
    return true;
  } catch {
    return false;
  }
}

/** The memory that values take, in bytes, about. */
function sizeOf(values: readonly unknown[]): number {
  try {
    return 4 * (JSON.stringify(values)?.length ?? 0);
  } catch {
    return 0;
  }
}

class GarbageClock {
  private ms = 0;
  private readonly observer = new PerformanceObserver((list) => this.add(list.getEntries()));

  constructor() {
    this.observer.observe({ entryTypes: ["gc"] });
  }

  private add(entries: readonly { duration: number }[]): void {
    for (const { duration } of entries) this.ms += duration;
  }

  stop(): number {
    this.add(this.observer.takeRecords());
    this.observer.disconnect();
    return this.ms;
  }
}

/**
 * Starts to measure how long this thread waits for a core; gives the share of the time it wanted one. Zero where the system does not tell.
 */
function starvation(): () => number {
  const read = (): [number, number] => {
    try {
      const [run = 0, wait = 0] = readFileSync("/proc/thread-self/schedstat", "utf8").split(" ").map(Number);
      return [run, wait];
    } catch {
      return [0, 0];
    }
  };
  const [runBefore, waitBefore] = read();
  return () => {
    const [run, wait] = read();
    const wanted = run - runBefore + wait - waitBefore;
    return wanted <= 0 ? 0 : (wait - waitBefore) / wanted;
  };
}
