import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vitest/config";
import { TEST_MODULES } from "./scripts/test-modules.mjs";

/** Test files share processes: a process for each costs more than most of them, for loading the same modules again. */
const SHARED = ["test/**/*.test.ts"];

/**
 * Files that see, or change, what is there once for each process: the pools behind the names of lanes and their statistics, the names of
 * registered classes, who watches the event loop, and the AsyncLocalStorage that is there for good once it is installed.
 */
const ALONE = [
  "test/adapters/{context,opentelemetry/*}.test.ts",
  "test/diagnose/{corpus,doctor,watch,watchdog}.test.ts",
  "test/differential/*.test.ts",
  "test/interop/langgraph*.test.ts",
  "test/lanes/auto.test.ts",
  "test/observe/stats.test.ts",
  "test/plan/explain.test.ts",
  "test/runnables/{batched,batched-on-lane,from-module,fusion,kinds,lane-config,on-lane,reported-runs,warm,wrapper}.test.ts",
  "test/shipping/data-classes.test.ts",
];

const SOURCES = fileURLToPath(new URL("src/", import.meta.url));
const MODULES = fileURLToPath(new URL(`${TEST_MODULES}/`, import.meta.url));

/** They put something else in the place of a module that sources import. */
const MOCKING = /\/test\/(?:graph\/png|core\/json-schema|serialization\/langchain)\.test\.ts$/;

/** Tests load sources as scripts/test-modules.mjs has bundled them. `npm run test:watch` loads the sources themselves. */
const testModules: Plugin = {
  name: "runlane:test-modules",
  enforce: "pre",
  resolveId(source, importer) {
    if (process.env.RUNLANE_TEST_SOURCES === "1" || importer === undefined || MOCKING.test(importer)) return;
    const target = resolve(dirname(importer), source);
    if (importer.startsWith(SOURCES) || !target.startsWith(SOURCES) || !target.endsWith(".ts")) return;
    const path = resolve(MODULES, target.slice(SOURCES.length).replace(/\.ts$/, ".js"));
    return existsSync(path) ? path : undefined;
  },
};

export default defineConfig({
  cacheDir: ".cache/vite",
  plugins: [testModules],
  resolve: {
    alias: { runlane: fileURLToPath(new URL("src/index.ts", import.meta.url)) },
  },
  test: {
    globalSetup: ["scripts/test-setup.mjs"],
    setupFiles: ["test/setup.ts", "test/lost-on-purpose.ts"],
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
