import process from "node:process";
import type { Finding } from "../diagnose/doctor/types.ts";
import { graphOf } from "../graph/graph-of.ts";
import type { Lane } from "../lanes/lane.ts";
import { availableCores } from "../lanes/platform.ts";
import type { StepStatistics } from "../observe/statistics.ts";
import type { Plan } from "../plan/plan.ts";
import { lanesOf } from "../runnables/inspect/lanes-of.ts";
import type { Runnable } from "../runnables/runnable.ts";
import { shortPlaceOf, viewChain, viewGraph } from "./chain-view.ts";
import { LaneSampler } from "./lane-sampler.ts";
import { limitsOf } from "./limits.ts";
import { LoopRecorder } from "./loop-history.ts";
import { packageVersion } from "./page-file.ts";
import type { RunLog } from "./run-log.ts";
import type { RunTracer } from "./run-tracer.ts";
import type {
  ChainView,
  Counts,
  GraphView,
  HolderView,
  InspectorState,
  LaneView,
  LimitView,
  ResourceView,
} from "./state.ts";
import { errorText } from "./value-text.ts";

/**
 * How often it is looked whether the event loop is late, in milliseconds; all else that is done again and again is done on some of these
 * beats. It is also the beat of the watch for holds of 100 ms, so that one timer wakes the process for both.
 */
export const BEAT_MS = 50;
/** So many steps that held the event loop are told of. */
const MOST_HOLDERS = 5;
/** So many runs of a chain that go on are told of. */
const MOST_RUNNING = 20;
/** A plan may take some milliseconds, and changes seldom. */
const PLAN_EVERY_MS = 1000;
/** The rate is that of so much time. */
const RATE_MS = 3000;

/** A chain that is looked at. */
export interface Subject {
  readonly name: string;
  readonly runnable: Runnable;
  readonly statistics: StepStatistics;
  readonly tracer: RunTracer;
  /** How it runs, with what was measured. @param wallMs For how long. */
  plan(wallMs: number): Plan;
}

/** The chains that are collected from, and the bounds. */
export interface CollectorOptions {
  readonly title: string;
  readonly subjects: readonly Subject[];
  readonly log: RunLog;
  /** The origin of times, on the clock of `performance.now`. */
  readonly sinceMs: number;
  readonly showsValues: boolean;
  /** Whether the whole time is kept, or the last minutes of it. */
  readonly keeps: "all" | "last";
  /** How far it is, where others count. */
  readonly progress?: (() => Counts) | undefined;
  readonly findings?: readonly Finding[] | undefined;
}

/** Gathers what the page shows. What it measures itself it measures between `start` and `stop`. */
export class Collector {
  /** How the run has ended, as soon as it has. */
  end: string | undefined;
  private readonly startedAt = new Date().toISOString();
  private readonly graphs: readonly GraphView[];
  private readonly loop: LoopRecorder;
  private readonly sampler: LaneSampler;
  private plans: readonly Plan[] = [];
  private plannedAt = Number.NEGATIVE_INFINITY;
  private readonly rate = new Rate();
  private endedAfterMs: number | undefined;

  constructor(readonly options: CollectorOptions) {
    const { subjects, sinceMs, keeps } = options;
    this.graphs = subjects.map(({ runnable }) => drawn(runnable));
    this.loop = new LoopRecorder(sinceMs, BEAT_MS, keeps === "all" ? 2 : 10, keeps);
    this.sampler = new LaneSampler(() => this.lanes, sinceMs, keeps, BEAT_MS);
  }

  start(): void {
    this.loop.start();
    this.sampler.start();
  }

  stop(): void {
    this.loop.stop();
    this.sampler.stop();
  }

  /** It is over: from now on the state stays as it is. */
  finish(end: string): void {
    this.stop();
    this.end = end;
    this.endedAfterMs = this.elapsedMs;
    this.plannedAt = Number.NEGATIVE_INFINITY;
  }

  /** Changes with every run that begins or ends, and with every move on a lane. */
  get activity(): string {
    const { running, done, failed } = this.totals;
    return `${running} ${done} ${failed} ${this.sampler.taken}`;
  }

  /** Everything, as it is now. */
  state(): InspectorState {
    const { title, subjects, log, showsValues, findings = [] } = this.options;
    return {
      format: 1,
      title,
      phase: this.end === undefined ? "running" : "over",
      ...(this.end !== undefined && { end: this.end }),
      startedAt: this.startedAt,
      elapsedMs: Math.round(this.elapsedMs),
      about: { runlane: packageVersion(), node: process.versions.node, cores: availableCores(), showsValues },
      counts: this.counts,
      loop: this.loop.history,
      holders: this.holders,
      chains: this.chains,
      lanes: this.lanes.map((lane) => this.viewLane(lane)),
      limits: subjects.flatMap(({ runnable }): LimitView[] => limitsOf(runnable)),
      resources: this.resources,
      runs: [...subjects.flatMap(({ tracer }) => tracer.views(MOST_RUNNING)), ...log.runs],
      findings,
    };
  }

  private get elapsedMs(): number {
    return this.endedAfterMs ?? performance.now() - this.options.sinceMs;
  }

  private get lanes(): Lane[] {
    return [...new Set(this.options.subjects.flatMap(({ runnable }) => lanesOf(runnable)))];
  }

  private get counts(): Counts {
    const { totals } = this;
    if (this.end !== undefined && "perSecond" in totals) return totals;
    return { ...totals, perSecond: this.rate.of(totals.done) };
  }

  private get totals(): Counts | Omit<Counts, "perSecond"> {
    const { progress, subjects } = this.options;
    if (progress !== undefined) return progress();
    const sum = (count: (tracer: RunTracer) => number) => subjects.reduce((all, { tracer }) => all + count(tracer), 0);
    return {
      running: sum((tracer) => tracer.running),
      done: sum((tracer) => tracer.done),
      failed: sum((tracer) => tracer.failed),
    };
  }

  private get chains(): ChainView[] {
    const { subjects } = this.options;
    const now = performance.now();
    if (now - this.plannedAt >= PLAN_EVERY_MS) {
      this.plannedAt = now;
      this.plans = subjects.map(({ plan }) => plan(this.elapsedMs));
    }
    return subjects.map(({ name, statistics }, at) =>
      viewChain(name, this.graphs[at]!, this.plans[at]!, statistics.rows()),
    );
  }

  private get holders(): HolderView[] {
    const all = this.options.subjects.flatMap(({ statistics }) => statistics.holders());
    return all
      .sort(([, a], [, b]) => b.totalMs - a.totalMs)
      .slice(0, MOST_HOLDERS)
      .map(([step, holder]) => ({ ...holder, place: shortPlaceOf(step) }));
  }

  private get resources(): ResourceView[] {
    return this.options.subjects.flatMap(({ runnable }) =>
      runnable
        .resources()
        .map(({ error, ...status }) => (error === undefined ? status : { ...status, error: errorText(error) })),
    );
  }

  private viewLane(lane: Lane): LaneView {
    return {
      name: lane.name,
      ...lane.capacity,
      statuses: lane.workerStatuses?.() ?? [],
      stages: lane.statistics(),
      samples: this.sampler.samplesOf(lane),
    };
  }
}

/** A chain that cannot be drawn is shown without a drawing. */
function drawn(runnable: Runnable): GraphView {
  try {
    return viewGraph(graphOf(runnable));
  } catch {
    return { nodes: [], edges: [] };
  }
}

/** How much was done per second, lately. */
class Rate {
  private looks: { readonly atMs: number; readonly done: number }[] = [];

  of(done: number): number {
    const atMs = performance.now();
    this.looks.push({ atMs, done });
    while (this.looks.length > 2 && atMs - this.looks[1]!.atMs >= RATE_MS) this.looks.shift();
    const first = this.looks[0]!;
    return atMs > first.atMs ? ((done - first.done) * 1000) / (atMs - first.atMs) : 0;
  }
}
