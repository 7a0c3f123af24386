import { ask } from "../../core/platform.ts";
import type { ServedChain } from "../served-chain.ts";

/** The upper bounds of the buckets of run times, in seconds. */
const BOUNDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * The metrics in Prometheus's text format, made on request from the figures that the server keeps anyway.
 *
 * @param utilization The share of the time that the event loop was busy since the last request, from 0 to 1.
 */
export function metricsText(chains: readonly ServedChain[], inFlight: number, utilization: number | undefined): string {
  const lines: string[] = [];
  const metric = (name: string, type: string, help: string, values: readonly (readonly [string, number])[]) => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const [labels, value] of values) lines.push(`${name}${labels} ${value}`);
  };
  const each = (value: (chain: ServedChain) => number) =>
    chains.map((chain) => [labelled(chain), value(chain)] as const);
  metric(
    "runlane_runs_total",
    "counter",
    "Runs that have started.",
    each((chain) => chain.runs),
  );
  metric(
    "runlane_runs_failed_total",
    "counter",
    "Runs that have failed.",
    each((chain) => chain.failed),
  );
  metric(
    "runlane_runs_refused_total",
    "counter",
    "Requests that would have waited too long.",
    each(({ admission }) => admission.refused),
  );
  metric(
    "runlane_runs_in_progress",
    "gauge",
    "Runs that go on.",
    each(({ admission }) => admission.running),
  );
  metric(
    "runlane_runs_waiting",
    "gauge",
    "Requests that wait for their turn.",
    each(({ admission }) => admission.waiting),
  );
  metric("runlane_run_duration_seconds", "histogram", "What runs take, without their wait.", []);
  for (const chain of chains) lines.push(...histogramOf(chain));
  metric("runlane_requests_in_progress", "gauge", "Requests whose answer is not complete.", [["", inFlight]]);
  if (utilization !== undefined)
    metric("runlane_event_loop_utilization", "gauge", "How much of the time the event loop was busy.", [
      ["", utilization],
    ]);
  const memory = ask(() => globalThis.process?.memoryUsage?.(), undefined);
  if (memory !== undefined)
    metric("process_resident_memory_bytes", "gauge", "Memory of the process.", [["", memory.rss]]);
  return `${lines.join("\n")}\n`;
}

function histogramOf(chain: ServedChain): string[] {
  const { durations } = chain;
  const name = "runlane_run_duration_seconds";
  const counts = BOUNDS.map(() => 0);
  for (const [, toMs, count] of durations.entries()) {
    for (const [index, bound] of BOUNDS.entries()) if (toMs / 1000 <= bound * 1.02) counts[index]! += count;
  }
  return [
    ...BOUNDS.map((bound, index) => `${name}_bucket${labelled(chain, `,le="${bound}"`)} ${counts[index]}`),
    `${name}_bucket${labelled(chain, ',le="+Inf"')} ${durations.count}`,
    `${name}_sum${labelled(chain)} ${durations.totalMs / 1000}`,
    `${name}_count${labelled(chain)} ${durations.count}`,
  ];
}

function labelled({ name }: ServedChain, more = ""): string {
  const escaped = name.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
  return `{chain="${escaped}"${more}}`;
}
