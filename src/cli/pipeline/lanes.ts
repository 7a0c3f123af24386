/** Where a pipeline may be told to run: on the event loop, in worker threads, in child processes, or where it turns out. */
export const PIPELINE_LANES = ["loop", "thread", "process", "auto"] as const;

export type PipelineLane = (typeof PIPELINE_LANES)[number];
