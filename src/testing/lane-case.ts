import type { Lane } from "../lanes/lane.ts";

/** What a lane may lack, with a reason. Cases that need it are listed as skipped. */
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

/** What {@link laneCases} needs to know of a lane. */
export interface LaneCasesOptions {
  /**
   * Opens a lane for one case, which closes it.
   *
   * @param options What the case asks for.
   */
  open(options: LaneWish): Lane | PromiseLike<Lane>;
  /** What the lane lacks, and why: `{ feed: "inputs are sent one by one" }`. */
  skip?: Partial<Record<LaneCapability, string>> | undefined;
  /**
   * How long a case waits for something that has to happen, in milliseconds, before it fails. Less than the time limit of the test
   * framework, so that failures say what is missing.
   *
   * @default 4000
   */
  patienceMs?: number | undefined;
}

/** The lane that a case asks for. */
export interface LaneWish {
  /** How many workers it has at most. */
  readonly workers: number;
}

/** One thing that a lane has to do. */
export interface LaneCase {
  /** A sentence about it. */
  readonly name: string;
  /** Why it is not asked of this lane. */
  readonly skip?: string;
  /** Resolves when the lane does it, and rejects with an `AssertionError` or what the lane threw otherwise. */
  run(): Promise<void>;
}

/** What a case has at hand. */
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
