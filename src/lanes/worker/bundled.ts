import { isMainThread } from "node:worker_threads";

/** The entry of workers of a bundled program: one file, for threads and child processes, that needs nothing beside it. */
await (isMainThread ? import("./process.ts") : import("./thread.ts"));
