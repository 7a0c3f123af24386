import type { ResourceStatus } from "../resources/status.ts";
import { shippedResources } from "../shipping/ship-resource.ts";
import { needsOf, type StageNeed } from "./needs.ts";

/** What a runnable uses, by place. */
export function resourcesOf(runnable: object): ResourceStatus[] {
  const { slots, stages } = needsOf(runnable);
  const rows = Array.from(slots, ({ status }) => status);
  /** Several stages of one lane may use one resource. */
  const told = new Set<string>();
  for (const need of stages) {
    for (const row of rowsOf(need)) {
      const key = JSON.stringify([row.where, row.name, row.worker]);
      if (!told.has(key)) rows.push(row);
      told.add(key);
    }
  }
  return rows;
}

function rowsOf({ lane, stage, names }: StageNeed): ResourceStatus[] {
  const known = lane.resources?.() ?? [];
  const shipped = shippedResources(stage.shipped);
  return names.flatMap((name) => {
    const rows = known.filter((row) => row.name === name);
    if (rows.length > 0) return rows;
    const { version, scope } = shipped.find((one) => one.name === name)!;
    return [
      { name, version, scope, state: "idle", where: lane.name, worker: null, loads: 0, loadMs: null, memory: null },
    ];
  });
}
