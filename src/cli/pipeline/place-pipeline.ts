import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import { RunlaneError } from "../../core/errors/errors.ts";
import type { Lane } from "../../lanes/lane.ts";
import { processes, threads } from "../../lanes/named-lanes.ts";
import { RunnableLambda } from "../../runnables/kinds/lambda.ts";
import { RunnableOnLane } from "../../runnables/kinds/on-lane.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import { markModule, moduleRef } from "../../shipping/functions/module-ref.ts";
import { CliError } from "../cli-error.ts";
import type { PipelineLane } from "../options.ts";
import { absolutePath, displayName } from "../paths.ts";

/** A pipeline, and where it is to run: where it says, unless there is a lane. */
export interface PlaceOptions extends Omit<Move, "lane"> {
  /** For `loop`, `stayOnLoop` has been called before the pipeline was loaded. */
  readonly lane: PipelineLane | undefined;
}

/** The pipeline on the lane that the command line names. @throws CliError RUNLANE_CLI_PIPELINE */
export async function placePipeline(
  pipeline: Runnable<unknown, unknown>,
  { lane, ...move }: PlaceOptions,
): Promise<Runnable<unknown, unknown>> {
  if (lane === undefined || lane === "loop") return pipeline;
  if (lane === "auto") return new RunnableOnLane({ bound: pipeline, lane });
  return await moveToLane(pipeline, { ...move, lane });
}

const WORKERS = {
  thread: { pool: threads, called: "worker threads" },
  process: { pool: processes, called: "child processes" },
} as const;

/** The pipeline that is moved, and its new lane. */
interface Move {
  /** The module of the pipeline. */
  readonly path: string;
  /** The name of its export. */
  readonly exportName: string;
  readonly lane: Exclude<PipelineLane, "loop" | "auto">;
  /** The number of inputs that can be in flight at once; more workers would never have anything to do. */
  readonly atMost?: number;
  /** The workers, where others share them. @default new ones */
  readonly pool?: Lane | undefined;
}

/** New threads or child processes, as many as there are cores. @param atMost The most that would ever have something to do. */
export function newPool(lane: Move["lane"], atMost = Number.POSITIVE_INFINITY): Lane {
  return WORKERS[lane].pool({ max: Math.max(1, Math.min(availableParallelism(), atMost)) });
}

/**
 * Moves a whole pipeline to workers, which import its module themselves: that works for whatever can be imported there, captured
 * variables included. The workers are started and have loaded it when this returns.
 *
 * @throws CliError RUNLANE_CLI_PIPELINE
 */
async function moveToLane(
  pipeline: Runnable<unknown, unknown>,
  { path, exportName, lane, atMost, pool = newPool(lane, atMost) }: Move,
): Promise<Runnable<unknown, unknown>> {
  const file = absolutePath(path);
  const { called } = WORKERS[lane];
  try {
    const ref = moduleRef(pathToFileURL(file), exportName, displayName(file));
    // Never called: the ref is what travels.
    const func = markModule((input: unknown) => pipeline.invoke(input), ref);
    const bound = new RunnableLambda({ func, name: pipeline.label });
    const moved = new RunnableOnLane({ bound, lane: pool });
    await moved.warm();
    return moved;
  } catch (error) {
    if (!(error instanceof RunlaneError)) throw error;
    const message = `cannot run ${displayName(file)} in ${called}: ${reasonOf(error, exportName)}`;
    throw new CliError("RUNLANE_CLI_PIPELINE", message, { cause: error });
  }
}

function reasonOf({ message, cause }: RunlaneError, exportName: string): string {
  if (cause === undefined) return message;
  // Workers know nothing of the coercion that a default export gets here.
  if ((cause as { code?: unknown }).code === "RUNLANE_EXPORT_NOT_FOUND")
    return `its ${exportName === "default" ? "default export" : `export ${exportName}`} must be a runnable or a function itself there; make a plain object one with RunnableParallel.from`;
  return cause instanceof RunlaneError ? cause.message : `its module does not load there: ${String(cause)}`;
}
