import type { Channel } from "node:diagnostics_channel";
import { builtinModule, environment } from "../../core/platform.ts";
import type { ResourceStatus } from "../../resources/status.ts";

/** An event in the life of a pool. Workers are numbered in each pool from 1 on. */
export type LaneEvent = { readonly lane: string } & (
  | { readonly event: "worker-started"; readonly worker: number }
  | { readonly event: "worker-ready"; readonly worker: number; readonly startMs: number }
  | { readonly event: "worker-ended"; readonly worker: number; readonly reason: string }
  | {
      readonly event: "chunk-sent";
      readonly worker: number;
      readonly stage: string;
      readonly chunk: number;
      readonly inputs: number;
      /** Whether an input of the chunk is suspected of having ended a worker. */
      readonly isSuspect: boolean;
    }
  | {
      readonly event: "chunk-reported";
      readonly worker: number;
      readonly stage: string;
      readonly chunk: number;
      /** Inputs that this report settles, and those that are still to come. */
      readonly settled: number;
      readonly failed: number;
      readonly pending: number;
      /** The time that the worker was busy since its last report, in milliseconds. */
      readonly busyMs: number;
    }
  | { readonly event: "calls-stolen"; readonly worker: number; readonly inputs: number }
  | { readonly event: "limit-changed"; readonly from: number; readonly to: number }
  | { readonly event: "resource-changed"; readonly worker: number; readonly status: ResourceStatus }
);

/** The name of the channel. */
export const LANES = "runlane:lanes";
const NOBODY = { hasSubscribers: false, publish: () => {} };

/**
 * The channel of `node:diagnostics_channel` that has the events of pools. Whoever publishes looks at `hasSubscribers` first, so that no
 * event is made when nobody listens.
 */
export const laneChannel: Pick<Channel, "hasSubscribers" | "publish"> =
  builtinModule("node:diagnostics_channel")?.channel(LANES) ?? NOBODY;

export function publish(event: LaneEvent): void {
  laneChannel.publish(event);
}

let isPrinting = false;

/** Prints events, one line each, if `RUNLANE_DEBUG` is `lanes` or a list with `lanes` in it. */
export function printLaneEvents(): void {
  if (
    isPrinting ||
    environment("RUNLANE_DEBUG")
      ?.split(/[,\s]+/)
      .includes("lanes") !== true
  )
    return;
  isPrinting = true;
  builtinModule("node:diagnostics_channel")?.subscribe(LANES, (event) => {
    process.stderr.write(`${lineOf(event as LaneEvent)}\n`);
  });
}

/** `runlane:lanes thread chunk-sent worker=1 stage="double" chunk=7 inputs=40` */
export function lineOf({ lane, event, ...details }: LaneEvent): string {
  const words = Object.entries(details).map(([name, value]) => {
    if (typeof value === "boolean") return value ? name : "";
    if (name === "status") return `resource=${JSON.stringify(value.name)} state=${value.state}`;
    return `${name}=${typeof value === "number" ? Number(value.toFixed(2)) : JSON.stringify(value)}`;
  });
  return [LANES, lane, event, ...words.filter(Boolean)].join(" ");
}
