import { aligned } from "../../plan/text-table.ts";
import type { ResourceRow } from "../run/resource-rows.ts";
import { formatBytes, formatCount, formatDuration } from "./format.ts";

/** How often each resource was loaded, and what that took. */
export function resourceTable(rows: readonly ResourceRow[]): string[] {
  const lines = rows.map(({ name, where, loads, loadMs, memoryBytes, error }) => [
    name,
    where,
    formatCount(loads),
    loadMs === null ? "" : formatDuration(loadMs),
    memoryBytes === null ? "" : formatBytes(memoryBytes),
    error === null ? "" : `failed: ${error}`,
  ]);
  return aligned([["resource", "where", "loads", "load time", "memory", ""], ...lines]);
}
