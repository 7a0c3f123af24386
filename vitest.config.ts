import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/**
 * Files that change what others in their process would see, and so get one of their own: fake timers while pools of workers are open,
 * and the AsyncLocalStorage that is there for good once it is installed.
 */
const ALONE = ["test/runnables/batched.test.ts", "test/adapters/context.test.ts", "test/interop/langgraph.test.ts"];

export default defineConfig({
  cacheDir: ".cache/vite",
  resolve: {
    alias: { runlane: fileURLToPath(new URL("src/index.ts", import.meta.url)) },
  },
  test: {
    globalSetup: ["scripts/test-setup.mjs"],
    maxWorkers: "100%",
    projects: [
      // A process for each file costs 0.7 s of CPU time, most of it for loading the same modules again.
      { extends: true, test: { name: "shared", include: ["test/**/*.test.ts"], exclude: ALONE, isolate: false } },
      { extends: true, test: { name: "alone", include: ALONE, typecheck: { include: [] } } },
    ],
    testTimeout: 60_000,
    // Fixtures are loaded untouched: shipped functions must read as they were written.
    server: { deps: { external: [/\/test\/(?:.+\/)?fixtures\//] } },
    typecheck: {
      checker: "tsc",
      tsconfig: "test/tsconfig.json",
      include: ["test/**/*.test-d.ts"],
      // Errors outside the type tests belong to the "types" stage of `npm test`, which checks the same files.
      ignoreSourceErrors: true,
    },
  },
});
