import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** Test files share processes: a process for each costs more than most of them, for loading the same modules again. */
const SHARED = ["test/**/*.test.ts"];

/**
 * Files that see, or change, what is there once for each process: the pools behind the names of lanes and their statistics, the names of
 * registered classes, who watches the event loop, and the AsyncLocalStorage that is there for good once it is installed.
 */
const ALONE = [
  "test/adapters/{context,opentelemetry/*}.test.ts",
  "test/diagnose/*.test.ts",
  "test/differential/*.test.ts",
  "test/interop/langgraph*.test.ts",
  "test/lanes/auto.test.ts",
  "test/observe/stats.test.ts",
  "test/plan/explain.test.ts",
  "test/runnables/{batched,batched-on-lane,from-module,fusion,kinds,lane-config,on-lane,reported-runs,warm,wrapper}.test.ts",
  "test/shipping/data-classes.test.ts",
];

export default defineConfig({
  cacheDir: ".cache/vite",
  resolve: {
    alias: { runlane: fileURLToPath(new URL("src/index.ts", import.meta.url)) },
  },
  test: {
    globalSetup: ["scripts/test-setup.mjs"],
    setupFiles: ["test/setup.ts"],
    // Half of the time, tests wait: for processes that start, for signals, for leases that run out.
    maxWorkers: availableParallelism() * 2,
    projects: [
      { extends: true, test: { name: "shared", include: SHARED, exclude: ALONE, isolate: false } },
      { extends: true, test: { name: "alone", include: ALONE, typecheck: { include: [] } } },
    ],
    testTimeout: 60_000,
    // What is polled for may take its time on a machine that has other things to do.
    expect: { poll: { timeout: 50_000 } },
    // Loaded untouched: shipped functions of fixtures must read as they were written, and what is built is what is tested.
    server: { deps: { external: [/\/test\/(?:.+\/)?fixtures\//, /\/dist\//] } },
    typecheck: {
      checker: "tsc",
      tsconfig: "test/tsconfig.json",
      include: ["test/**/*.test-d.ts"],
      // Errors outside the type tests belong to the "types" stage of `npm test`, which checks the same files.
      ignoreSourceErrors: true,
    },
  },
});
