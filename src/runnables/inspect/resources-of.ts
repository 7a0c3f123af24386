import type { ResourceStatus } from "../../resources/status.ts";
import { shippedResources } from "../../shipping/tree/ship-resource.ts";
import { isRunnable } from "../coerce.ts";
import { requirementsOf, type StageRequirement } from "./requirements.ts";

/** The resources that a runnable uses, a row for each place that has one: the event loop, or a worker. */
export function resourcesOf(runnable: object): ResourceStatus[] {
  const { slots, stages, modules } = requirementsOf(runnable);
  const inModules = Array.from(modules.keys(), ({ exported }) => (isRunnable(exported) ? resourcesOf(exported) : []));
  /** Several stages of one lane may use one resource. */
  const rows = new Map<string, ResourceStatus>();
  for (const row of [...Array.from(slots, ({ status }) => status), ...stages.flatMap(rowsOf), ...inModules.flat()]) {
    const key = JSON.stringify([row.where, row.name, row.worker]);
    if (!rows.has(key)) rows.set(key, row);
  }
  return [...rows.values()];
}

function rowsOf({ lane, stage, names }: StageRequirement): ResourceStatus[] {
  const known = lane.resources?.() ?? [];
  const shipped = shippedResources(stage.shipped);
  // The resources that a module declares are known as soon as a worker has imported it.
  const all = new Set([...names, ...(lane.usedBy?.(stage) ?? [])]);
  return [...all].flatMap((name) => {
    const rows = known.filter((row) => row.name === name);
    const declared = shipped.find((one) => one.name === name);
    if (rows.length > 0 || declared === undefined || !names.includes(name)) return rows;
    const { version, scope } = declared;
    return [
      { name, version, scope, state: "idle", where: lane.name, worker: null, loads: 0, loadMs: null, memory: null },
    ];
  });
}
