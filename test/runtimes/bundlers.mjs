// @ts-check
/** How a program is bundled by each bundler, moved to where there are no packages, and run there. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { at, run } from "../../scripts/lib.mjs";
import { obtain } from "../../scripts/matrix.mjs";
import { emptyProject } from "../bundler/installed.mjs";
import { askNext, buildNext } from "./next.mjs";
import { install, MODULES } from "./package-copy.mjs";
import { bun, told, workerd } from "./runtimes.mjs";
import { startWorkerd } from "./workerd.mjs";

/** @typedef {Record<string, string>} Cells */
/**
 * @typedef {object} Bundler
 * @property {(out: string, sources: string) => Promise<unknown>} bundle Puts a bundle of `program.mjs`, one of the sources, into a folder.
 * @property {(folder: string) => Promise<Cells>} [start] Runs it there. `node program.mjs` unless set.
 * @property {boolean} [installs] Whether the package is installed beside it.
 */

const NODE_FOR_WRANGLER = "24.21.0";

/** @param {string} name */
const packageOf = (name) => import(join(MODULES, name));
const plugins = () => import(join(MODULES, "runlane/dist/bundler/index.js"));

/** @param {import("esbuild").BuildOptions & { withPlugin?: boolean }} [options] @returns {Bundler} */
function esbuild({ withPlugin = true, ...options } = {}) {
  return {
    installs: options.external !== undefined,
    bundle: async (out, sources) => {
      const { build } = await import("esbuild");
      await build({
        absWorkingDir: sources,
        entryPoints: ["program.mjs"],
        bundle: true,
        platform: "node",
        format: "esm",
        outdir: out,
        outExtension: { ".js": ".mjs" },
        logLevel: "error",
        ...options,
        plugins: withPlugin ? [(await plugins()).esbuildPlugin()] : [],
      });
    },
  };
}

/** @param {boolean} withPlugin @returns {Bundler} */
const rollup = (withPlugin) => ({
  bundle: async (out, sources) => {
    const { rollup } = await packageOf("rollup/dist/es/rollup.js");
    const { nodeResolve } = await packageOf("@rollup/plugin-node-resolve/dist/es/index.js");
    const { default: commonjs } = await packageOf("@rollup/plugin-commonjs/dist/es/index.js");
    const own = withPlugin ? [(await plugins()).rollupPlugin()] : [];
    const bundle = await rollup({
      input: join(sources, "program.mjs"),
      plugins: [nodeResolve({ exportConditions: ["node"] }), commonjs(), ...own],
      onLog: () => {},
    });
    await bundle.write({ dir: out, format: "es", entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs" });
  },
});

/** @param {boolean} withPlugin @returns {Bundler} */
const vite = (withPlugin) => ({
  bundle: async (out, sources) => {
    const { build } = await packageOf("vite/dist/node/index.js");
    await build({
      root: sources,
      configFile: false,
      logLevel: "error",
      ssr: { noExternal: true },
      build: {
        ssr: "program.mjs",
        outDir: out,
        emptyOutDir: false,
        rollupOptions: { output: { entryFileNames: "[name].mjs" } },
      },
      plugins: withPlugin ? [(await plugins()).rollupPlugin()] : [],
    });
  },
});

/** @type {Bundler} */
const webpack = {
  bundle: async (out, sources) => {
    const { default: webpack } = await packageOf("webpack/lib/index.js");
    const compiler = webpack({
      mode: "production",
      target: "node",
      context: sources,
      entry: "./program.mjs",
      output: { path: out, filename: "program.cjs" },
    });
    /** @type {any} */
    const stats = await new Promise((resolve, reject) =>
      compiler.run((/** @type {unknown} */ error, /** @type {unknown} */ stats) =>
        error ? reject(error) : resolve(stats),
      ),
    );
    if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
  },
  start: runProgram("program.cjs"),
};

/** @param {readonly string[]} flags @param {Partial<Bundler>} [others] @returns {Bundler} */
const bunBuild = (flags, others) => ({
  bundle: async (out, sources) =>
    done(await run(bun(), ["build", "program.mjs", "--outdir", out, ...flags], { cwd: sources })),
  start: runProgram("program.js"),
  ...others,
});

/** Compiles the files, and bundles nothing. @param {"es5" | "es2022"} target @param {boolean} minify @returns {Bundler} */
const swc = (target, minify) => ({
  installs: true,
  bundle: async (out, sources) => {
    const { default: compiler } = await packageOf("@swc/core/index.js");
    for (const file of ["cells", "bundled/lanes", "bundled/program", "bundled/third", "bundled/half", "bundled/two"]) {
      const { code } = await compiler.transformFile(join(sources, `../${file}.mjs`), {
        jsc: { target, ...(minify && { minify: { compress: true, mangle: true } }) },
        minify,
      });
      const path = join(out, `${file}.mjs`);
      mkdirSync(join(path, ".."), { recursive: true });
      writeFileSync(path, code);
    }
  },
  start: runProgram("bundled/program.mjs"),
});

/** @type {Bundler} */
const wrangler = {
  bundle: async (out, sources) => {
    const config = { name: "runlane", main: "worker.mjs", compatibility_date: "2026-06-01" };
    writeFileSync(join(sources, "wrangler.json"), JSON.stringify(config));
    const command = join(MODULES, "wrangler/bin/wrangler.js");
    const args = ["deploy", "--dry-run", "--config", "wrangler.json", "--outdir", out];
    const env = { WRANGLER_SEND_METRICS: "false", CI: "1" };
    done(await run(await obtain(NODE_FOR_WRANGLER), [command, ...args], { cwd: sources, env }));
  },
  start: async (folder) => {
    const { ask, stop } = await startWorkerd(workerd(), readFileSync(join(folder, "worker.js"), "utf8"), []);
    try {
      return JSON.parse(await ask("/"));
    } finally {
      stop();
    }
  },
};

/** @param {import("./next.mjs").NextOptions} options @returns {Bundler} */
const next = (options) => ({ bundle: (out, sources) => buildNext(sources, out, options), start: askNext });

/** @param {string} program @returns {(folder: string) => Promise<Cells>} */
function runProgram(program) {
  return (folder) => told(process.execPath, [program], folder);
}

/** @param {{ code: number, output: string }} finished */
function done({ code, output }) {
  if (code !== 0) throw new Error(output);
}

/** By the name of a row. @type {Record<string, Bundler>} */
const BUNDLERS = {
  "esbuild, with the plugin": esbuild(),
  "esbuild --minify --keep-names, with the plugin": esbuild({ minify: true, keepNames: true, splitting: true }),
  esbuild: esbuild({ withPlugin: false }),
  "esbuild, with the plugin, runlane external": esbuild({ external: ["runlane"] }),
  "Rollup, with the plugin": rollup(true),
  Rollup: rollup(false),
  "Vite SSR, with the plugin": vite(true),
  "Vite SSR": vite(false),
  webpack,
  "bun build": bunBuild(["--target=node"]),
  "bun build --target=bun, run by Bun": bunBuild(["--target=bun"], {
    start: (folder) => told(bun(), ["program.js"], folder),
  }),
  "bun build --external runlane": bunBuild(["--target=node", "--external", "runlane"], { installs: true }),
  "wrangler deploy": wrangler,
  "SWC, ES2022, minified": swc("es2022", true),
  "SWC, ES5": swc("es5", false),
  "Next, Turbopack": next({ bundler: "turbopack" }),
  "Next, Turbopack, serverExternalPackages": next({ bundler: "turbopack", external: true }),
  "Next, webpack": next({ bundler: "webpack" }),
  "Next, webpack, serverExternalPackages": next({ bundler: "webpack", external: true }),
};

/** @param {Bundler} bundler @returns {Promise<Cells>} */
async function tried({ bundle, start, installs }) {
  const project = emptyProject();
  const elsewhere = mkdtempSync(join(tmpdir(), "runlane-moved-"));
  try {
    for (const path of ["cells.mjs", "bundled"])
      cpSync(at("test/runtimes", path), join(project.folder, path), { recursive: true });
    const out = join(project.folder, "out");
    await bundle(out, join(project.folder, "bundled"));
    cpSync(out, elsewhere, { recursive: true, verbatimSymlinks: true });
    // What was bundled must not find its way back.
    project.remove();
    if (installs) install(join(elsewhere, "node_modules"));
    return await (start ?? runProgram("program.mjs"))(elsewhere);
  } finally {
    project.remove();
    rmSync(elsewhere, { recursive: true, force: true });
  }
}

/** By the name of a row. @type {Record<string, () => Promise<Cells>>} */
export const BUNDLED = Object.fromEntries(
  Object.entries(BUNDLERS).map(([name, bundler]) => [name, () => tried(bundler)]),
);
