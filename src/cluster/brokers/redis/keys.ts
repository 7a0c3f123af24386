/** Where things are in Redis. BullMQ's own keys begin with `runlane:jobs`. */
export const JOBS_PREFIX = "runlane:jobs";

export const keys = {
  /** The ids of all runs. */
  runs: "runlane:runs",
  run: (run: string) => `runlane:run:${run}`,
  /** The bodies of the chunks of a run, by their ids: as they are, which jobs, being JSON, could not hold. */
  bodies: (run: string) => `runlane:bodies:${run}`,
  /** The outcomes of a run: a stream, so that whoever reads them can begin anywhere. */
  outcomes: (run: string) => `runlane:outcomes:${run}`,
  /** The chunks that have an outcome. */
  finished: (run: string) => `runlane:finished:${run}`,
  /** The chunks that were cancelled; an empty name stands for all. */
  cancelled: (run: string) => `runlane:cancelled:${run}`,
  /** The ids of all workers. */
  workers: "runlane:workers",
  worker: (id: string) => `runlane:worker:${id}`,
  /** Who has places under a limit, and its rate. */
  limit: (name: string) => `runlane:limit:${name}`,
  /** The channel on which workers hear of runs that were cancelled. */
  cancels: "runlane:cancels",
} as const;

/** The id of the job of a chunk. */
export function jobId(run: string, chunk: string): string {
  return `${run}/${chunk}`;
}
