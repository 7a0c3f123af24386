import type { PackOptions } from "../../shipping/data/format.ts";
import { explainFailure, pack, packError, unpack } from "../../shipping/data/pack.ts";
import type { ShippedTree } from "../../shipping/tree/ship-tree.ts";
import type { StageStep } from "../stage/stage-step.ts";
import type { WorkerPort } from "./port.ts";

/** The worker's side of shipping: how stages and values arrive, and how outputs and errors leave. */

/** The options for packing the outputs of one stage. */
export interface OutputPacking {
  /** The name of the stage in errors about them. */
  readonly where: string;
  readonly options: PackOptions;
}

let isReporting = false;

/** Revives a stage. The kernel is loaded with the first one: a worker needs it no sooner. */
export async function reviveStage(shipped: unknown, port: WorkerPort): Promise<StageStep> {
  const { treeStage, reportResources } = await import("./tree-stage.ts");
  if (!isReporting) reportResources(port);
  isReporting = true;
  return treeStage(shipped as ShippedTree);
}

/** @throws RUNLANE_NOT_SERIALIZABLE */
export function packOutput(value: unknown, { where, options }: OutputPacking, transfer: unknown[]): unknown {
  const packed = pack(value, where, options);
  for (const moving of packed.transfer) if (!transfer.includes(moving)) transfer.push(moving);
  return packed.value;
}

/** The error of an output that structured clone refused. */
export function explainOutput(value: unknown, { where, options }: OutputPacking, cause: unknown): unknown {
  return packError(explainFailure(value, where, cause, options));
}

export { packError, unpack as unpackInput, unpack as unpackReason };
