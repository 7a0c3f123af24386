import { explainFailure, pack, packError, unpack } from "../../shipping/data.ts";
import type { ShippedTree } from "../../shipping/tree.ts";
import type { WorkerStep } from "./stages.ts";

/** The worker's side of shipping: how stages and values arrive, and how outputs and errors leave. */

interface ModuleStage {
  readonly kind: "module";
  readonly url: string;
  readonly exportName: string;
}

const TO_THREAD = { shared: true, root: "output" };
const TO_PROCESS = { shared: false, root: "output" };

export async function reviveStage(shipped: unknown): Promise<WorkerStep> {
  if ((shipped as { kind: string }).kind !== "module") {
    const { treeStage } = await import("./tree-stage.ts");
    return treeStage(shipped as ShippedTree);
  }
  const { url, exportName } = shipped as ModuleStage;
  const exported = (await import(url))[exportName];
  if (typeof exported !== "function") throw new TypeError(`${url} has no function called ${exportName}.`);
  return { run: exported, stream: exported };
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
