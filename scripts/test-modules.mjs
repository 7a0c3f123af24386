// @ts-check
/**
 * What tests import of src/, bundled: one file per source that they name, and what those share in chunks, beside dist/. Loading the sources
 * one by one, transformed, takes twenty times as long, in each process that runs tests.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { at } from "./lib.mjs";

/** It lies in dist/, so that stack traces are told apart as those of the package are. */
export const TEST_MODULES = "dist/test-modules";

const IMPORTS = /(?:\bfrom |\bimport\(|^import )"((?:\.\.\/)+src\/[^"]+\.ts)"/gm;

/**
 * The sources that tests and benchmarks import, without those of the page, which are for browsers.
 *
 * @param {readonly string[]} importers
 */
export function importedSources(importers) {
  const found = new Set(
    importers.flatMap((path) =>
      [...readFileSync(at(path), "utf8").matchAll(IMPORTS)].map(([, target = ""]) =>
        join(dirname(path), target).replaceAll("\\", "/"),
      ),
    ),
  );
  return [...found].filter((path) => !path.startsWith("src/inspect/page/") && path !== "src/index.ts").sort();
}

/**
 * Bundles sources for tests. The kernel is one piece, as in dist/: whatever is loaded brings it along.
 *
 * @param {readonly string[]} sources The sources that tests name.
 * @param {ReadonlySet<string>} later What is loaded later than the kernel, as absolute paths.
 * @param {import("esbuild").BuildOptions} options How code is built.
 */
export async function bundleTestModules(sources, later, options) {
  const { build } = await import("esbuild");
  const out = (/** @type {string} */ path) => path.slice("src/".length, -".ts".length);
  const { metafile } = await build({
    ...options,
    minifySyntax: false,
    minifyWhitespace: false,
    entryPoints: [
      { in: "src/index.ts", out: "index" },
      ...sources.map((path) => ({ in: `entry:${path}`, out: out(path) })),
    ],
    outdir: TEST_MODULES,
    chunkNames: "chunks/[name]-[hash]",
    splitting: true,
    plugins: [
      {
        name: "test-modules",
        setup({ onLoad, onResolve }) {
          onResolve({ filter: /^entry:/ }, ({ path }) => ({ path: path.slice("entry:".length), namespace: "entry" }));
          onLoad({ filter: /.*/, namespace: "entry" }, ({ path }) => ({
            contents: `import "./src/index.ts";\nexport * from ${JSON.stringify(`./${path}`)};\n`,
            resolveDir: at(),
          }));
          onLoad({ filter: /\.ts$/ }, ({ path }) => ({
            contents:
              readFileSync(path, "utf8") + (later.has(path) ? `\nimport ${JSON.stringify(at("src/index.ts"))};\n` : ""),
            loader: "ts",
          }));
        },
      },
    ],
  });
  return Object.keys(metafile?.outputs ?? {});
}
