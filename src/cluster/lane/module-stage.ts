import { fileURLToPath } from "node:url";
import { runlaneError } from "../../core/errors/errors.ts";
import { moduleRefOf } from "../../shipping/functions/module-ref.ts";
import { pipelineName, pipelineQueue } from "../pipeline/pipeline-queue.ts";

/** A stage of a cluster lane: an export of a module that workers have too. */
export interface ModuleStage {
  /** The name of the module's pipeline. */
  readonly pipeline: string;
  readonly queue: string;
  readonly exportName: string;
}

/** Finds the export that a runnable stands for. @throws RUNLANE_NO_CLUSTER_STEP */
export function moduleStage(runnable: object, where: string): ModuleStage {
  const { node, label = "the step" } = runnable as {
    node?: { kind: string; func?: object; uses?: object };
    label?: string;
  };
  const ref = node?.kind === "lambda" && node.uses === undefined ? moduleRefOf(node.func ?? {}) : undefined;
  if (ref === undefined)
    throw runlaneError("RUNLANE_NO_CLUSTER_STEP", { where, what: `the step ${JSON.stringify(label)}` });
  const file = fileURLToPath(ref.url);
  return { pipeline: pipelineName(file), queue: pipelineQueue(file), exportName: ref.exportName };
}
