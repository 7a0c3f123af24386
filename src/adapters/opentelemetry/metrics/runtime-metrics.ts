import { constants, type NodeGCPerformanceDetail, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";
import type { BatchObservableCallback, Meter } from "@opentelemetry/api";
import { LoopClock } from "../../../observe/loop-clock.ts";
import { METRIC } from "../names.ts";

const GC_KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: "major",
  [constants.NODE_PERFORMANCE_GC_MINOR]: "minor",
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: "incremental",
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: "weakcb",
};
const GC_SECONDS = [0.01, 0.1, 1, 10];

/** Measures the event loop and garbage collection, by the names that all programs on Node use. @returns Stops it. */
export function measureRuntime(meter: Meter): () => void {
  const seconds = (name: string, description: string) => meter.createObservableGauge(name, { description, unit: "s" });
  const p50 = seconds(METRIC.loopDelayP50, "By how much the event loop was late, half of the time at most.");
  const p99 = seconds(METRIC.loopDelayP99, "By how much the event loop was late, in 99 of 100 cases at most.");
  const max = seconds(METRIC.loopDelayMax, "By how much the event loop was late at most.");
  const utilization = meter.createObservableGauge(METRIC.loopUtilization, {
    description: "The share of the time in which the event loop ran code.",
    unit: "1",
  });
  const clock = new LoopClock();
  const gauges = [p50, p99, max, utilization];
  const observeLoop: BatchObservableCallback = (result) => {
    const figures = clock.take();
    result.observe(p50, figures.p50Ms / 1000);
    result.observe(p99, figures.p99Ms / 1000);
    result.observe(max, figures.maxMs / 1000);
    result.observe(utilization, figures.utilization);
  };
  meter.addBatchObservableCallback(observeLoop, gauges);

  const gc = meter.createHistogram(METRIC.gc, {
    description: "What garbage collections take.",
    unit: "s",
    advice: { explicitBucketBoundaries: GC_SECONDS },
  });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { duration, detail } = entry as PerformanceEntry & { detail?: NodeGCPerformanceDetail };
      gc.record(duration / 1000, { "v8js.gc.type": GC_KINDS[detail?.kind ?? -1] ?? "unknown" });
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  return () => {
    meter.removeBatchObservableCallback(observeLoop, gauges);
    observer.disconnect();
    clock.stop();
  };
}
