import type { Lane, LaneStage } from "../../src/lanes/lane.ts";
import { type PoolOptions, type PoolSettings, poolSettings } from "../../src/lanes/pool/pool-options.ts";
import { processPool } from "../../src/lanes/process/processes.ts";
import { threadPool } from "../../src/lanes/thread/threads.ts";

export const fixture = (name: string) => new URL(`../fixtures/lanes/${name}.mjs`, import.meta.url).href;

/** A stage that runs a function of a fixture. */
export const stageOf = (exportName: string, module = "steps"): LaneStage => ({
  id: 0,
  label: exportName,
  shipped: { kind: "lambda", func: { from: "module", url: fixture(module), exportName } },
});

export const KINDS = ["thread", "process"] as const;
export type Kind = (typeof KINDS)[number];

/** What tests see of a machine does not depend on it. */
const CORES = 4;

/** What this test run was started with (a loader, a debugger) is not for the workers. */
export const open = (kind: Kind, options: PoolOptions = {}, inside: Partial<PoolSettings> = {}): Lane =>
  (kind === "thread" ? threadPool : processPool)({
    ...poolSettings(kind, { execArgv: [], ...options }, CORES),
    ...inside,
  });

export const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** How long a test waits for what will come, on a machine that has other things to do. */
export const PATIENCE = { timeout: 50_000 };
