import process from "node:process";
import { Collector } from "../../inspect/collector.ts";
import { RunLog } from "../../inspect/run-log.ts";
import { RunTracer } from "../../inspect/run-tracer.ts";
import type { Counts, InspectorState } from "../../inspect/state.ts";
import { Viewing } from "../../inspect/viewing.ts";
import { type HoldWatch, watchHolds } from "../../inspect/watch-holds.ts";
import { toStep } from "../../runnables/coerce.ts";
import type { BatchOptions } from "../batch.ts";
import { CliError, messageOf } from "../cli-error.ts";
import type { Messages } from "../display/progress.ts";
import { displayName } from "../paths.ts";
import type { PreparedRun } from "./prepare.ts";
import type { ProgressMeter } from "./run-counts.ts";

/** An event loop that is held for so long is shown on the page, in milliseconds, unless `--watch` says otherwise. */
const HELD_MS = 100;

/** The memory of a run for its report and its page beside the statistics: the event loop, and runs that fail or take long. */
export class RunRecording {
  private readonly collector: Collector;
  private readonly tracer: RunTracer;
  private readonly isSync: boolean;
  private watch: HoldWatch | undefined;
  private viewing: Viewing | undefined;

  constructor({ options, run, runnable, source, destination }: PreparedRun, meter: ProgressMeter) {
    const log = new RunLog();
    const name = displayName(options.pipeline);
    const sinceMs = performance.now();
    const showsValues = options.inspectValues === true;
    const tracer = new RunTracer({ chain: name, log, sinceMs, showsValues, firstIndex: destination.firstIndex });
    const { statistics } = run;
    const progress = (): Counts => ({ ...meter.state(), running: run.running });
    const plan = (wallMs: number) => run.plan(wallMs);
    this.tracer = tracer;
    this.collector = new Collector({
      title: `${name} over ${source.name}`,
      subjects: [{ name, runnable, statistics, tracer, plan }],
      log,
      sinceMs,
      showsValues,
      keeps: "all",
      progress,
    });
    this.isSync = toStep(runnable).syncFunctions !== undefined;
    run.followBy?.(tracer);
    this.collector.start();
  }

  /** Notes the failure of an input. */
  failed(index: number, step: string, error: unknown): void {
    this.tracer.logFailure(index, step, error);
  }

  /**
   * Serves the page.
   *
   * @throws CliError RUNLANE_CLI_START
   */
  async serve({ inspect, watch }: BatchOptions, messages: Messages): Promise<void> {
    const address = { host: "127.0.0.1", port: inspect === true ? 0 : inspect! };
    // In a plain loop of sync functions nobody could tell steps apart without slowing it down: there, stacks have to do.
    const watching = watchHolds(typeof watch === "number" ? watch : HELD_MS, !this.isSync);
    this.watch = watching;
    try {
      this.viewing = await Viewing.open(this.collector, { ...address, attach: () => () => {} });
    } catch (error) {
      throw new CliError("RUNLANE_CLI_START", messageOf(error), { cause: error });
    }
    await watching.ready;
    messages.say(`the run is shown at ${this.viewing.url}`);
  }

  /** The run is over. @returns All of it. */
  finish(end: string): InspectorState {
    this.collector.finish(end);
    this.watch?.stop();
    this.viewing?.finish();
    return this.collector.state();
  }

  /** Lets people look on: on a terminal until they stop it, elsewhere as long as somebody looks. */
  async linger(stopped: AbortSignal, messages: Messages): Promise<void> {
    const viewing = this.viewing;
    if (viewing === undefined || stopped.aborted) return;
    const isTerminal = process.stderr.isTTY === true;
    if (isTerminal) messages.say(`the run is over; it is shown at ${viewing.url} until Ctrl-C`);
    // The page keeps no process alive.
    const timer = setInterval(() => {}, 60_000);
    const stop = new Promise<void>((resolve) => stopped.addEventListener("abort", () => resolve(), { once: true }));
    await Promise.race(isTerminal ? [stop] : [stop, viewing.nobodyLooks()]);
    clearInterval(timer);
  }

  async close(): Promise<void> {
    this.collector.stop();
    this.watch?.stop();
    await this.viewing?.close();
  }
}
