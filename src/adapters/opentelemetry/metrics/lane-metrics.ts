import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Meter } from "@opentelemetry/api";
import { BATCHES, type BatchEvent } from "../../../batching/batch-events.ts";
import { LANES, type LaneEvent } from "../../../lanes/pool/lane-events.ts";
import { listenToResources } from "../../../resources/changes.ts";
import type { ResourceStatus } from "../../../resources/status.ts";
import { ATTRIBUTE, METRIC } from "../names.ts";

const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/** Counts what lanes, batched steps and resources do, as they tell it. @returns Stops it. */
export function measureLanes(meter: Meter): () => void {
  const workers = meter.createUpDownCounter(METRIC.laneWorkers, {
    description: "Workers of a lane.",
    unit: "{worker}",
  });
  const inputs = meter.createCounter(METRIC.laneInputs, {
    description: "Inputs that a lane has run.",
    unit: "{input}",
  });
  const busy = meter.createCounter(METRIC.laneBusy, {
    description: "How long the workers of a lane were busy.",
    unit: "s",
  });
  const sizes = (name: string, description: string) =>
    meter.createHistogram(name, { description, unit: "{input}", advice: { explicitBucketBoundaries: SIZES } });
  const chunks = sizes(METRIC.laneChunk, "Inputs that travel to a worker together.");
  const batches = sizes(METRIC.batchInputs, "Inputs that share a call of a batched step.");
  const took = meter.createHistogram(METRIC.batchDuration, {
    description: "What the calls of batched steps take.",
    unit: "s",
  });
  const loads = meter.createHistogram(METRIC.resourceLoad, {
    description: "What the loads of resources take.",
    unit: "s",
  });

  const loaded = ({ name, state, loadMs, error }: ResourceStatus, lane: string): void => {
    if (loadMs === null || (state !== "ready" && state !== "failed")) return;
    const failed = error === undefined ? {} : { [ATTRIBUTE.error]: "failed" };
    loads.record(loadMs / 1000, { "runlane.resource": name, [ATTRIBUTE.lane]: lane, ...failed });
  };
  const onLane = (message: unknown): void => {
    const event = message as LaneEvent;
    const labels = { [ATTRIBUTE.lane]: event.lane };
    switch (event.event) {
      case "worker-started":
        workers.add(1, labels);
        break;
      case "worker-ended":
        workers.add(-1, labels);
        break;
      case "chunk-sent":
        chunks.record(event.inputs, labels);
        break;
      case "chunk-reported":
        busy.add(event.busyMs / 1000, labels);
        if (event.settled > event.failed) inputs.add(event.settled - event.failed, labels);
        if (event.failed > 0) inputs.add(event.failed, { ...labels, [ATTRIBUTE.error]: "failed" });
        break;
      case "resource-changed":
        loaded(event.status, event.lane);
    }
  };
  const onBatch = (message: unknown): void => {
    const { step, inputs, ms, isFailed } = message as BatchEvent;
    const labels = { "runlane.step": step };
    batches.record(inputs, labels);
    took.record(ms / 1000, isFailed ? { ...labels, [ATTRIBUTE.error]: "failed" } : labels);
  };
  subscribe(LANES, onLane);
  subscribe(BATCHES, onBatch);
  /** A resource changes for other reasons than a load, too. */
  const counted = new Map<string, number>();
  const stopListening = listenToResources({
    changed: ({ isGiven, status }) => {
      if (isGiven || counted.get(status.name) === status.loads) return;
      if (status.state === "ready" || status.state === "failed") counted.set(status.name, status.loads);
      loaded(status, "loop");
    },
  });
  return () => {
    unsubscribe(LANES, onLane);
    unsubscribe(BATCHES, onBatch);
    stopListening();
  };
}
