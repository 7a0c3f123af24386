import type { WorkerHandle } from "./worker-handle.ts";

/** The workers of all lanes of this thread, for whoever watches them. */
export const liveWorkers = new Set<WorkerHandle>();

/** Reads the lines of a thread's stack; undefined when the thread does not answer within so many milliseconds. */
export type ReadStack = (threadId: number, withinMs: number) => Promise<string[] | undefined>;

/** The reader of stacks. There is one only while somebody watches, since it takes the inspector. */
export const stacks: { read: ReadStack | undefined } = { read: undefined };
