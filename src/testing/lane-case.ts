import type { Lane } from "../lanes/lane.ts";

/** A capability that a lane may lack, with a reason. Cases that need it are listed as skipped. */
export type LaneCapability =
  /** An input is a copy: what a function does to it does not show here, and what cannot be copied is refused. */
  | "copies"
  /** `feed`, which is optional. */
  | "feed"
  /** Async functions of one worker wait at the same time. */
  | "overlap"
  /** Calls wait for workers, so that there is an order in which they leave the queue. */
  | "queue"
  /** A function that never gives control back is ended by an abort or a timeout. */
  | "stopsLoops";

/** The options of {@link laneCases}. */
export interface LaneCasesOptions {
  /**
   * Opens a lane for one case, which closes it.
   *
   * @param options What the case asks for.
   */
  open(options: LaneWish): Lane | PromiseLike<Lane>;
  /** The capabilities that the lane lacks, and why: `{ feed: "inputs are sent one by one" }`. @default none */
  skip?: Partial<Record<LaneCapability, string>> | undefined;
  /**
   * The time that a case waits for something that has to happen before it fails, in milliseconds. Less than the time limit of the test
   * framework, so that failures say what is missing.
   *
   * @default 4000
   */
  patienceMs?: number | undefined;
}

/** The lane that a case asks for. */
export interface LaneWish {
  /** The number of workers that the lane has at most. */
  readonly workers: number;
}

/** One requirement on a lane, as a test. */
export interface LaneCase {
  /** The requirement as a sentence. */
  readonly name: string;
  /** The reason why the case is skipped; undefined when it is not. */
  readonly skip?: string;
  /** Resolves when the lane meets the requirement; otherwise rejects with an `AssertionError` or the error of the lane. */
  run(): Promise<void>;
}

/** The lane and the settings of a case that runs. */
export interface Bench {
  readonly lane: Lane;
  readonly patienceMs: number;
}

/** A case before it knows its lane. */
export interface CaseDefinition {
  readonly name: string;
  readonly needs?: LaneCapability;
  /** @default 1 */
  readonly workers?: number;
  check(bench: Bench): Promise<void>;
}
