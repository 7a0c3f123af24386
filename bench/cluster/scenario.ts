/** What is asked of the model of a cluster, and what it says. */

/** A chunk has so many of its inputs in flight. */
export const IN_FLIGHT = 64;

/** What things cost, in milliseconds of the one who does them. */
export interface Costs {
  readonly producer: { readonly sendMs: number; readonly receiveMs: number; readonly inputMs: number };
  readonly broker: {
    readonly submitMs: number;
    /** Giving a chunk to a worker, and taking its outcome. */
    readonly workMs: number;
    /** Giving the outcome to the producer, and forgetting all of it. */
    readonly settleMs: number;
    readonly kilobyteMs: number;
    /** How many things it does at a time. */
    readonly servers: number;
  };
  readonly worker: { readonly chunkMs: number; readonly inputMs: number };
  /** From one machine to another, one way. */
  readonly latencyMs: number;
}

export interface Scenario {
  readonly workers: number;
  /** Threads of each worker. It has one chunk more than that in hand. @default 2 */
  readonly cores?: number;
  /** How many inputs there are. @default Infinity */
  readonly inputs?: number;
  /** How long one input takes. */
  readonly inputMs: number;
  /** Whether inputs wait for something rather than compute. @default false */
  readonly waits?: boolean;
  /** What an input weighs, and its output. @default 100 */
  readonly bytes?: number;
  /** How many inputs a second the source gives. @default Infinity */
  readonly arrivalsPerS?: number;
  /** How often a worker dies and is started anew. @default 0 */
  readonly deathsPerHour?: number;
  /** @default 10000 */
  readonly leaseMs?: number;
  /** How long until a worker that died is back. @default 5000 */
  readonly restartMs?: number;
  /** Ends the simulation in any case. */
  readonly untilMs: number;
  /** @default 1 */
  readonly seed?: number;
}

export interface Prediction {
  /** Inputs a second. Of a run without end, after the first third of the time. */
  readonly throughput: number;
  /** When the last input was done, or the simulation ended. */
  readonly ms: number;
  readonly done: number;
  /** How often chunks were run, over how often they had to be. */
  readonly runsPerChunk: number;
  readonly meanChunk: number;
  /** From 0 to 1. */
  readonly use: { readonly producer: number; readonly broker: number; readonly workers: number };
}

/** How many inputs a second each of the three could do at most, with chunks of so many inputs, if the others cost nothing. */
export function bounds(
  costs: Costs,
  scenario: Scenario,
  chunk: number,
): Record<"producer" | "broker" | "workers", number> {
  const { producer, broker, worker } = costs;
  const { workers, cores = 2, inputMs, waits = false, bytes = 100 } = scenario;
  const kilobytesMs = 4 * ((bytes * broker.kilobyteMs) / 1024);
  const perChunk = broker.submitMs + broker.workMs + broker.settleMs;
  const perWorker = waits ? ((cores + 1) * Math.min(IN_FLIGHT, Math.ceil(chunk))) / inputMs : cores / inputMs;
  return {
    producer: 1000 / (producer.inputMs + (producer.sendMs + producer.receiveMs) / chunk),
    broker: (1000 * broker.servers) / (kilobytesMs + perChunk / chunk),
    workers: 1000 * workers * Math.min(perWorker, 1 / (worker.inputMs + worker.chunkMs / chunk)),
  };
}
