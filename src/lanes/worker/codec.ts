import { explainFailure, pack, packError, unpack } from "../../shipping/data.ts";
import type { ShippedTree } from "../../shipping/tree.ts";
import type { StageStep } from "../stage-step.ts";
import type { WorkerPort } from "./port.ts";

/** The worker's side of shipping: how stages and values arrive, and how outputs and errors leave. */

const TO_THREAD = { shared: true, root: "output" };
const TO_PROCESS = { shared: false, root: "output" };

let isReporting = false;

/** Loading it loads the kernel, which a worker needs no sooner. */
export async function reviveStage(shipped: unknown, port: WorkerPort): Promise<StageStep> {
  const { treeStage, reportResources } = await import("./tree-stage.ts");
  if (!isReporting) reportResources(port);
  isReporting = true;
  return treeStage(shipped as ShippedTree);
}

/** @throws RUNLANE_NOT_SERIALIZABLE */
export function packOutput(value: unknown, where: string, shared: boolean, transfer: unknown[]): unknown {
  const packed = pack(value, where, shared ? TO_THREAD : TO_PROCESS);
  for (const moving of packed.transfer) if (!transfer.includes(moving)) transfer.push(moving);
  return packed.value;
}

/** The error of an output that structured clone refused. */
export function explainOutput(value: unknown, where: string, cause: unknown, shared: boolean): unknown {
  return packError(explainFailure(value, where, cause, shared ? TO_THREAD : TO_PROCESS));
}

export { packError, unpack as unpackInput, unpack as unpackReason };
