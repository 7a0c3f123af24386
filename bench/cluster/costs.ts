import type { Costs } from "./scenario.ts";

/** Of producer and worker; the same for all brokers. An estimate. */
const OWN = { producer: { sendMs: 0.15, receiveMs: 0.15, inputMs: 0.004 }, worker: { chunkMs: 0.3, inputMs: 0.01 } };

/**
 * What brokers cost, for when nobody measures. From runs of a prototype with one worker, on two cores that all parties shared: 1,393 chunks a
 * second of one input and 519 of 500 through BullMQ on Redis; 413 and 121 through pg-boss on PostgreSQL. How what a chunk took there is divided
 * among the steps of its way, and that a database does two things at a time and Redis one, is an estimate.
 */
export const KNOWN: Readonly<Record<"redis" | "postgres", Costs>> = {
  redis: {
    ...OWN,
    broker: { submitMs: 0.08, workMs: 0.2, settleMs: 0.08, kilobyteMs: 0.002, servers: 1 },
    latencyMs: 0.3,
  },
  postgres: {
    ...OWN,
    broker: { submitMs: 0.4, workMs: 1.4, settleMs: 0.5, kilobyteMs: 0.02, servers: 2 },
    latencyMs: 0.3,
  },
};
