// @ts-check
/** What each bundler makes of a program with lanes, run in another folder that has no packages. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { at, run } from "../../scripts/lib.mjs";
import { inNext } from "./next.mjs";
import { withoutPackage } from "./package-copy.mjs";
import { bun, told } from "./runtimes.mjs";

const MAIN = at("test/runtimes/bundled/main.js");
const OUT = at("test/runtimes/.out");
const plugins = () => import(new URL("../../dist/bundler/index.js", import.meta.url).href);

/** Bundles the program into a folder, and says which file to run. @typedef {(out: string) => Promise<string>} Bundle */

/** @param {Bundle} bundle @returns {() => Promise<Record<string, string>>} */
const moved = (bundle) => async () => {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  const main = basename(await bundle(OUT));
  const elsewhere = mkdtempSync(join(tmpdir(), "runlane-bundle-"));
  try {
    cpSync(OUT, elsewhere, { recursive: true });
    return await withoutPackage(() => told(process.execPath, [join(elsewhere, main)], elsewhere));
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
};

/** @param {import("esbuild").BuildOptions} options @returns {Bundle} */
const esbuild = (options) => async (outdir) => {
  const { build } = await import("esbuild");
  const extension = options.format === "cjs" ? ".cjs" : ".mjs";
  await build({
    entryPoints: [MAIN],
    bundle: true,
    platform: "node",
    format: "esm",
    outdir,
    outExtension: { ".js": extension },
    logLevel: "error",
    ...options,
  });
  return `main${extension}`;
};

/** @param {{ format: "es" | "cjs" }} output @returns {Bundle} */
const rollup =
  ({ format }) =>
  async (dir) => {
    const [{ rollup }, { nodeResolve }, { rollupPlugin }] = await Promise.all([
      import("rollup"),
      import("@rollup/plugin-node-resolve"),
      plugins(),
    ]);
    const extension = format === "es" ? "mjs" : "cjs";
    const bundle = await rollup({
      input: MAIN,
      plugins: [nodeResolve({ preferBuiltins: true }), rollupPlugin()],
      onwarn() {},
    });
    await bundle.write({
      dir,
      format,
      entryFileNames: `[name].${extension}`,
      chunkFileNames: `[name]-[hash].${extension}`,
    });
    await bundle.close();
    return `main.${extension}`;
  };

/** @type {Bundle} */
async function vite(outDir) {
  const [{ build }, { rollupPlugin }] = await Promise.all([import("vite"), plugins()]);
  await build({
    root: at("test/runtimes/bundled"),
    configFile: false,
    logLevel: "error",
    plugins: [rollupPlugin()],
    ssr: { noExternal: true },
    build: {
      ssr: MAIN,
      outDir,
      emptyOutDir: true,
      rollupOptions: { output: { entryFileNames: "main.mjs", chunkFileNames: "[name]-[hash].mjs" } },
    },
  });
  return "main.mjs";
}

/** @param {"module" | "commonjs"} format @returns {Bundle} */
const webpack = (format) => async (path) => {
  const { default: webpack } = await import("webpack");
  const isModule = format === "module";
  const filename = isModule ? "main.mjs" : "main.cjs";
  const compiler = webpack({
    mode: "production",
    target: "node20",
    entry: MAIN,
    output: { path, filename, ...(isModule && { module: true, library: { type: "module" } }) },
    ...(isModule && { experiments: { outputModule: true } }),
  });
  const stats = await new Promise((resolve, reject) =>
    compiler.run((error, stats) => (error ? reject(error) : resolve(stats))),
  );
  if (stats.hasErrors()) throw new Error(stats.toString("errors-only"));
  return filename;
};

/** @type {Bundle} */
async function bunBuild(outdir) {
  const { code, output } = await run(bun(), [
    "build",
    MAIN,
    "--target=node",
    `--outdir=${outdir}`,
    "--entry-naming=[name].mjs",
  ]);
  if (code !== 0) throw new Error(output);
  return "main.mjs";
}

/** By the name of a row. @type {Record<string, () => Promise<Record<string, string>>>} */
export const BUNDLERS = {
  esbuild: moved(async (out) => esbuild({ plugins: [(await plugins()).esbuildPlugin()] })(out)),
  "esbuild --minify --keep-names": moved(async (out) =>
    esbuild({ minify: true, keepNames: true, plugins: [(await plugins()).esbuildPlugin()] })(out),
  ),
  "esbuild --format=cjs": moved(async (out) =>
    esbuild({ format: "cjs", plugins: [(await plugins()).esbuildPlugin()] })(out),
  ),
  "esbuild without the plugin": moved(esbuild({})),
  "bun build": moved(bunBuild),
  Rollup: moved(rollup({ format: "es" })),
  "Rollup, as CommonJS": moved(rollup({ format: "cjs" })),
  "Vite, for servers": moved(vite),
  webpack: moved(webpack("commonjs")),
  "webpack, as modules": moved(webpack("module")),
  "Next with Turbopack, standalone": () => inNext({ bundler: "turbopack", external: false }),
  "Next with Turbopack, serverExternalPackages": () => inNext({ bundler: "turbopack", external: true }),
  "Next with webpack, standalone": () => inNext({ bundler: "webpack", external: false }),
  "Next with webpack, serverExternalPackages": () => inNext({ bundler: "webpack", external: true }),
};
