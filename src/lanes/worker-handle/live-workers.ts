import type { WorkerHandle } from "./worker-handle.ts";

/** The workers of all lanes of this thread, for whoever watches them. */
export const liveWorkers = new Set<WorkerHandle>();

/** Tells the lines of the stack of what a thread runs, if it answers within so many milliseconds. */
export type ReadStack = (threadId: number, withinMs: number) => Promise<string[] | undefined>;

/** How the stack of a thread is read: while somebody watches, since it takes the inspector. */
export const stacks: { read: ReadStack | undefined } = { read: undefined };
