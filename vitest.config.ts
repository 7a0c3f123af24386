import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  cacheDir: ".cache/vite",
  resolve: {
    alias: { runlane: fileURLToPath(new URL("src/index.ts", import.meta.url)) },
  },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["scripts/test-setup.mjs"],
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
