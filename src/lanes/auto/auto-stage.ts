import { findingOf, RunlaneError } from "../../core/errors/errors.ts";
import { StillLoading } from "../../core/still-loading.ts";
import { isThenable } from "../../core/thenable.ts";
import { bytesOf, findInstance } from "../../shipping/data/find-instance.ts";
import { snapshot } from "../../shipping/data/pack.ts";
import type { Lane, LaneCallOptions, LaneStage, StageStatistics } from "../lane.ts";
import { auto } from "./auto-settings.ts";
import { CostSampler } from "./cost-sampler.ts";

/** A step that may be moved, as {@link AutoStage} sees it. */
export interface AutoSubject {
  readonly label: string;
  /** Makes the data from which a worker revives the step. @throws When the step must stay: the message says why. */
  ship(): object;
  /** The lane that the step moves to; null where there are no threads. */
  target(): Lane | null;
}

/** The state of a step without a lane of its own: still measured, moved to threads, or here for good. */
export type AutoState = "measuring" | "offloaded" | "staying";

/** A pause of so many runs is for ever: the step is not timed again. */
const FOREVER = 2 ** 30;
/** The least speed at which structured clone copies, in bytes per millisecond. */
const BYTES_PER_MS = 500_000;
/** The number of runs after which a step that has moved is checked again: is it still slow? */
const LOOK_EVERY = 64;

const UNKNOWN = "whether it can be moved is not known yet";

/** The errors after which an input of a moved step runs again here. The step is pure, so its run in the worker has changed nothing. */
const FAILED_AWAY = new Set([
  "RUNLANE_BUNDLED",
  "RUNLANE_LANE_CLOSED",
  "RUNLANE_NO_THREADS",
  "RUNLANE_NOT_PLAIN",
  "RUNLANE_NOT_SERIALIZABLE",
  "RUNLANE_WORKER_START",
]);

/**
 * Decides where one step without a lane runs: here, until its sync runs have turned out slow, and in threads from then on, if it does
 * the same there. Inputs that would not arrive there as they are run here.
 */
export class AutoStage {
  state: AutoState = "measuring";
  /** The reason why the step, or its last input, runs where it does. */
  reason = "it has not run yet";
  /** The number of runs that need not pass through {@link run} now. */
  pause = 0;
  private readonly sampler = new CostSampler();
  private lane: Lane | null = null;
  private stage: LaneStage | undefined;
  private runs = 0;

  constructor(private readonly subject: AutoSubject) {}

  /** The lane that the step has moved to; undefined while it is here. */
  get movedTo(): Lane | undefined {
    return this.state === "offloaded" ? (this.lane ?? undefined) : undefined;
  }

  /** The statistics of the step on its lane; undefined while the step is here. */
  get figures(): StageStatistics | undefined {
    return this.stage && this.lane?.statisticsOf?.(this.stage);
  }

  /** The reason why the step could not move, as far as that can be said before; undefined when it could. */
  get obstacle(): string | undefined {
    try {
      if (this.subject.target() === null) return "there are no threads";
      this.subject.ship();
      return undefined;
    } catch (error) {
      return error instanceof StillLoading ? UNKNOWN : reasonOf(error);
    }
  }

  /** The mean time of a run here, or before the step moved, in milliseconds. */
  get meanMs(): number {
    return this.sampler.meanMs;
  }

  /** @param inline Runs the input on this thread. */
  run(input: unknown, inline: () => unknown, options?: () => LaneCallOptions | undefined): unknown {
    const { stage, lane } = this;
    if (this.state === "staying") {
      this.pause = FOREVER;
      return inline();
    }
    if (stage === undefined || lane === null) return this.timed(inline);
    if (!this.mayTravel(input)) return inline();
    if (
      ++this.runs % LOOK_EVERY === 0 &&
      (lane.statisticsOf?.(stage)?.costMs ?? auto.thresholdMs) < auto.thresholdMs / 4
    )
      return this.comeBack(inline);
    let sent: unknown;
    try {
      // A sync function would have seen its input now; the pool sends it at the end of the turn.
      sent = snapshot(input, stage.label);
    } catch (error) {
      this.reason = reasonOf(error);
      return inline();
    }
    return lane.run(stage, sent, options?.()).catch((error) => {
      if (!(error instanceof RunlaneError) || !FAILED_AWAY.has(error.code)) throw error;
      this.stay(reasonOf(error));
      return inline();
    });
  }

  private timed(inline: () => unknown): unknown {
    const started = performance.now();
    const out = inline();
    if (isThenable(out)) {
      this.pause = this.sampler.waited();
      this.reason = "it is async";
    } else {
      this.pause = this.sampler.timed(performance.now() - started);
      if (this.sampler.isSlow) this.move();
      else this.reason = `it takes less than ${auto.thresholdMs} ms`;
    }
    return out;
  }

  private move(): void {
    try {
      this.lane = this.subject.target();
      if (this.lane === null) {
        this.stay("there are no threads");
        return;
      }
      const { label } = this.subject;
      this.stage = { id: 0, label, shipped: { ...this.subject.ship(), plain: true } };
      this.state = "offloaded";
      this.reason = `it took ${this.meanMs.toFixed(1)} ms`;
    } catch (error) {
      // Meanwhile it runs here.
      if (error instanceof StillLoading) this.reason = UNKNOWN;
      else this.stay(reasonOf(error));
    }
  }

  private stay(reason: string): void {
    this.stage = undefined;
    this.state = "staying";
    this.reason = reason;
  }

  private comeBack(inline: () => unknown): unknown {
    this.stage = undefined;
    this.state = "measuring";
    this.sampler.reset();
    return this.timed(inline);
  }

  /** Whether an input arrives as it is, and in less time than running it takes. */
  private mayTravel(input: unknown): boolean {
    const instance = findInstance(input);
    if (instance !== undefined) {
      this.reason = `its ${instance.path} is of the class ${instance.className}`;
      return false;
    }
    if (bytesOf(input) / BYTES_PER_MS < this.meanMs / 2) return true;
    this.reason = "sending its input would take as long as running it";
    return false;
  }
}

/** The part of an error's message about the step, without place and remedy: "it uses k (line 2) from around it". */
function reasonOf(error: unknown): string {
  if (!(error instanceof RunlaneError)) return String(error);
  const { code, details } = error;
  if (code === "RUNLANE_NOT_SHIPPABLE") return `it ${details.reason}`;
  return code === "RUNLANE_CAPTURED_VARIABLE" ? `it uses ${details.variables} from around it` : findingOf(error);
}
