import type { Finding } from "../diagnose/doctor/types.ts";
import type { LaneCapacity, StageStatistics, WorkerStatus } from "../lanes/lane.ts";
import type { StepRow } from "../observe/statistics.ts";
import type { PlanStage } from "../plan/plan.ts";
import type { ResourceStatus } from "../resources/status.ts";

/** The whole content of the page: each state is complete, so a page that has missed some has missed nothing. Times are in milliseconds. */
export interface InspectorState {
  /** The version of this form. */
  readonly format: 1;
  /** The name of the pipeline, or of the program, that is looked at. */
  readonly title: string;
  readonly phase: "running" | "over";
  /** How the run ended, when it is over and did not just finish. */
  readonly end?: string | undefined;
  /** ISO 8601, UTC: when the run began, or when somebody first looked. */
  readonly startedAt: string;
  readonly elapsedMs: number;
  readonly about: About;
  readonly counts: Counts;
  readonly loop: LoopHistory;
  /** The steps that held the event loop for 10 ms or longer at a time, the worst first. */
  readonly holders: readonly HolderView[];
  readonly chains: readonly ChainView[];
  readonly lanes: readonly LaneView[];
  readonly limits: readonly LimitView[];
  readonly resources: readonly ResourceView[];
  /** Runs that were followed: failed ones, the slowest ones, and the latest. */
  readonly runs: readonly RunView[];
  /** Findings of the doctor, where it has been asked. */
  readonly findings: readonly Finding[];
}

/** Where it runs. */
export interface About {
  readonly runlane: string;
  readonly node: string;
  readonly cores: number;
  /** Whether inputs and outputs are shown. */
  readonly showsValues: boolean;
}

/** How far it is. */
export interface Counts {
  readonly running: number;
  readonly done: number;
  readonly failed: number;
  /** Inputs per second, lately; of all of it when it is over. */
  readonly perSecond: number;
  /** From 0 to 1, where the number of inputs is known. */
  readonly fraction?: number | undefined;
  readonly remainingMs?: number | undefined;
}

/** How the event loop did: a value of each list for each moment. */
export interface LoopHistory {
  /** When, counted from the start. */
  readonly atMs: readonly number[];
  /** By how much the loop was late at most, since the moment before. */
  readonly lagMs: readonly number[];
  /** The share of the time, from 0 to 1, in which it ran code. */
  readonly utilization: readonly number[];
  readonly memoryBytes: readonly number[];
}

/** A step that held the event loop. */
export interface HolderView {
  readonly step: string;
  /** Where its function is, `file:line`, when that is known. */
  readonly place: string | null;
  readonly times: number;
  readonly totalMs: number;
  readonly maxMs: number;
}

/** A chain: how it is drawn, how it runs, and what its steps did. */
export interface ChainView {
  readonly name: string;
  readonly graph: GraphView;
  /** As `explain` gives them, with figures. */
  readonly stages: readonly PlanStage[];
  /** One row for each step, histograms in coarse buckets. */
  readonly rows: readonly StepRow[];
  readonly warnings: readonly string[];
}

/** The drawing of a chain, as `getGraph` gives it. */
export interface GraphView {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** A box. */
export interface GraphNode {
  readonly id: string;
  readonly name: string;
  /** A runnable, or the schema of an input or an output. */
  readonly kind: "step" | "schema";
  /** Where its function is, `file:line`, when that is known. */
  readonly place: string | null;
}

/** An arrow. */
export interface GraphEdge {
  readonly source: string;
  readonly target: string;
  readonly label?: string | undefined;
  /** Whether it is taken only sometimes. */
  readonly conditional?: boolean | undefined;
}

/** A lane that a chain uses. */
export interface LaneView extends LaneCapacity {
  readonly name: string;
  readonly statuses: readonly WorkerStatus[];
  readonly stages: readonly StageStatistics[];
  /** How full it was. */
  readonly samples: readonly LaneSample[];
}

/** How full a lane was at one moment. */
export interface LaneSample extends LaneCapacity {
  /** Counted from the start. A sample holds until the next one. */
  readonly atMs: number;
}

/** The limits of a step, and how they are used. */
export interface LimitView {
  readonly step: string;
  readonly maxConcurrency?: number | undefined;
  readonly ratePerSecond?: number | undefined;
  readonly running: number;
  readonly waiting: number;
}

/** A resource in one place. Its error is a text. */
export type ResourceView = Omit<ResourceStatus, "error"> & { readonly error?: string | undefined };

/** One input on its way through a chain. */
export interface RunView {
  readonly id: number;
  readonly chain: string;
  /** Its number in its batch. */
  readonly index?: number | undefined;
  /** Counted from the start. */
  readonly atMs: number;
  /** Undefined while it runs. */
  readonly ms?: number | undefined;
  readonly state: "running" | "done" | "failed";
  /** The step that it failed in, and how. */
  readonly step?: string | undefined;
  readonly error?: string | undefined;
  readonly spans: readonly SpanView[];
  /** Texts of the input and the output, where they are shown. */
  readonly input?: string | undefined;
  readonly output?: string | undefined;
}

/** One step of a run. */
export interface SpanView {
  readonly name: string;
  readonly lane: string;
  /** How many steps it stands inside of. */
  readonly depth: number;
  /** Counted from the start of its run. */
  readonly atMs: number;
  /** How long it waited for its lane. */
  readonly waitMs?: number | undefined;
  /** How long it took, without waiting; undefined while it runs. */
  readonly ms?: number | undefined;
  readonly failed?: boolean | undefined;
  readonly output?: string | undefined;
}

/** The other message to the page: a thread is held, while it is. */
export interface HeldView {
  readonly step?: string | undefined;
  readonly input?: number | undefined;
  readonly place?: string | undefined;
  readonly stack: readonly string[];
  readonly heldMs: number;
  readonly state: "computes" | "waits" | "unknown";
}
