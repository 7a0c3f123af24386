import type { ResourceStatus } from "../../resources/status.ts";
import { messageOf, oneLine } from "../cli-error.ts";
import { round } from "../display/round.ts";

/** A resource on the event loop, or in all workers of a lane together. */
export interface ResourceRow {
  readonly name: string;
  /** `loop`, or the name of the lane. */
  readonly where: string;
  /** How often it was loaded, failed loads included. */
  readonly loads: number;
  /** How long the slowest worker took for its last load; null when it was not loaded. */
  readonly loadMs: number | null;
  /** By how much the heaps grew, all together: an estimate; null where nobody measured. */
  readonly memoryBytes: number | null;
  /** What its last load failed with, where it has. */
  readonly error: string | null;
}

/** What became of the resources of a run: a row for each in each place, in the order in which they are used. */
export function resourceRows(statuses: readonly ResourceStatus[]): ResourceRow[] {
  const groups = new Map<string, ResourceStatus[]>();
  for (const status of statuses) {
    const key = JSON.stringify([status.name, status.where]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [status]);
    else group.push(status);
  }
  return Array.from(groups.values(), rowOf);
}

function rowOf(group: readonly ResourceStatus[]): ResourceRow {
  const { name, where } = group[0]!;
  const times = group.flatMap(({ loadMs }) => loadMs ?? []);
  const sizes = group.flatMap(({ memory }) => memory ?? []);
  const failed = group.find(({ state }) => state === "failed");
  return {
    name,
    where,
    loads: group.reduce((sum, { loads }) => sum + loads, 0),
    loadMs: times.length === 0 ? null : round(Math.max(...times)),
    memoryBytes: sizes.length === 0 ? null : sizes.reduce((sum, size) => sum + size, 0),
    error: failed === undefined ? null : oneLine(messageOf(failed.error)),
  };
}
