// @ts-check
/**
 * Builds dist/ from src/: the types by the compiler, and the code bundled, one file per entry of the package and what
 * they share in chunks. Loading 85 small modules takes 50 ms, loading the bundle 10. Does nothing when no source changed
 * since the last build.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { at, command, node, readJson } from "./lib.mjs";
import { makePage } from "./page.mjs";
import { bundleTestModules, importedSources } from "./test-modules.mjs";

/** @typedef {{ code: number, output: string }} Built The exit code of the compiler or of the bundler, and what it printed. */

const STAMP = ".cache/built.json";
/** What package.json exports and needs the kernel for. */
const WITH_KERNEL = [
  "graph/index.ts",
  "adapters/context.ts",
  "adapters/langchain/index.ts",
  "adapters/aws-lambda/index.ts",
  "adapters/opentelemetry/index.ts",
  "lane-kit/index.ts",
  "testing/index.ts",
  "serve/index.ts",
  "adapters/remote/index.ts",
  "diagnose/watchdog.ts",
  "diagnose/doctor/index.ts",
  "cluster/index.ts",
  "inspect/index.ts",
];
/** What threads and child processes start with. */
const WORKERS = [
  "lanes/worker/thread.ts",
  "lanes/worker/process.ts",
  "cluster/worker/chunk-thread.ts",
  "cli/cluster/reference-reader.ts",
  "diagnose/watcher/thread.ts",
  "inspect/server/thread.ts",
];
/** What keeps an embedded database, in a process of its own. */
const KEEPER = "cluster/brokers/embedded/keeper.ts";
/** What workers of bundled programs and of browsers start with: a file that needs no other. */
const WHOLE = { entry: "lanes/worker/bundled.ts", outfile: "dist/worker.mjs" };
/** What reads functions, with which `withLane` loads it at once: a file that needs no other of the package, so that loaders may copy it. */
const READER = { entry: "shipping/functions/reader.ts", outfile: "dist/chunks/reader.js" };
/** What the processes start with that `runlane coldstart` measures, and the thread that hears Ctrl-C. */
const STARTS = [
  "coldstart/start.ts",
  "coldstart/module-times.ts",
  "coldstart/module-hooks.ts",
  "run/interrupt-watch.ts",
  "doctor/process-entry.ts",
].map((file) => `cli/${file}`);
/** Loaded later than the command's entry, and without the kernel: `--help` needs none. Tests run the command by it. */
const COMMAND_LINE = "cli/program.ts";
/**
 * What starts without the kernel, and the sources that it shares with it and with what is loaded later. All of these get all of those, and
 * so does the kernel: then they are one file, and each more that a program imports takes a millisecond.
 */
const WITHOUT_KERNEL = {
  entries: [
    COMMAND_LINE,
    "cli/doctor/process-entry.ts",
    "cluster/brokers/embedded/keeper.ts",
    "inspect/server/thread.ts",
    "lanes/worker/process.ts",
    "lanes/worker/thread.ts",
  ],
  shared: [
    "core/errors/errors.ts",
    "core/observer.ts",
    "core/thenable.ts",
    "core/visible.ts",
    "core/warn.ts",
    "lanes/protocol/shared-state.ts",
    "lanes/worker/hooks.ts",
    "observe/loop-clock.ts",
    "shipping/data/foreign-hint.ts",
    "shipping/data/pack.ts",
  ],
};
/** What package.json exports, the command, and workers. */
const ENTRIES = [
  "index.ts",
  ...WITH_KERNEL,
  "bundler/index.ts",
  "cli/main.ts",
  COMMAND_LINE,
  ...STARTS,
  ...WORKERS,
  KEEPER,
];

/** What both steps depend on, besides the sources. */
const SETTINGS = ["package.json", "scripts/build.mjs", "tsconfig.json", "tsconfig.build.json"];

/**
 * Builds what is older than its sources: the bundle, and the types.
 *
 * @returns {Promise<Built>}
 */
export async function build() {
  const bundled = await bundle();
  return bundled.code === 0 ? await declare() : bundled;
}

/** The page of the inspector: its sources are for browsers, and no part of the code. */
const PAGE_SOURCES = "src/inspect/page/";

/** What is compiled for Node. */
function nodeSources() {
  return files("src").filter((path) => path.endsWith(".ts") && !path.startsWith(PAGE_SOURCES));
}

/**
 * The code alone, which takes a tenth of the time: what tests need, as workers and the command start from dist/.
 *
 * @returns {Promise<Built>}
 */
export async function bundle() {
  const page = [...files(PAGE_SOURCES), "scripts/page.mjs", "node_modules/preact/package.json"];
  const made = await step("page", page, makePage);
  return made.code === 0 ? bundleCode() : made;
}

/** @returns {Promise<Built>} */
function bundleCode() {
  const sources = nodeSources();
  return step("code", [...sources, ...SETTINGS, "node_modules/esbuild/package.json"], async () => {
    const made = await bundleEntries(sources);
    if (made.output === "") chmodSync(at("dist/cli/main.js"), 0o755);
    return { code: made.output === "" ? 0 : 1, ...made };
  });
}

/**
 * The code, and what tests load in the place of its sources.
 *
 * @returns {Promise<Built>}
 */
export async function bundleForTests() {
  const made = await bundle();
  if (made.code !== 0) return made;
  const sources = nodeSources();
  const wanted = importedSources(["test", "bench"].flatMap(files).filter((path) => /\.m?ts$/.test(path)));
  const inputs = [...sources, ...SETTINGS, "scripts/test-modules.mjs", "node_modules/esbuild/package.json"];
  return step(
    "tests",
    inputs,
    async () => {
      const outputs = await bundleTestModules(wanted, besidesTheKernel(sources), CODE);
      for (const path of outputs) if (path.endsWith(".js")) polish(at(path));
      return { code: 0, output: "", files: outputs };
    },
    wanted.join(),
  );
}

/** Where the compiler leaves the types of all sources. */
const TYPES = ".cache/types";

/**
 * The types that the entries of the package have, or mention. Those of all else are two thirds of the files, and nobody can import them.
 *
 * @returns {Promise<Built>}
 */
function declare() {
  const sources = nodeSources();
  return step("types", [...sources, ...SETTINGS, "node_modules/typescript/package.json"], async () => {
    // The compiler trusts its notes: with an output missing they are wrong.
    if (!sources.every((path) => existsSync(at(path.replace(/^src(.*)\.ts$/, `${TYPES}$1.d.ts`)))))
      rmSync(at(".cache/build.tsbuildinfo"), { force: true });
    const compiled = await node([command("typescript", "tsc"), "-p", "tsconfig.build.json"]);
    if (compiled.code !== 0) return { ...compiled, files: [] };
    const entries = Object.values(readJson("package.json").exports).flatMap(({ types = [] }) => types);
    const files = [...new Set(entries.map((/** @type {string} */ path) => path.replace("./dist/", "")))];
    // The list grows while it is read.
    for (const path of files) for (const next of mentioned(path)) if (!files.includes(next)) files.push(next);
    for (const path of files) {
      mkdirSync(dirname(at("dist", path)), { recursive: true });
      copyFileSync(at(TYPES, path), at("dist", path));
    }
    return { ...compiled, files: files.map((path) => `dist/${path}`) };
  });
}

/** The types that a file of types imports. @param {string} path */
function mentioned(path) {
  const text = readFileSync(at(TYPES, path), "utf8");
  const targets = [...text.matchAll(/(?:\bfrom |\bimport\(|^import )"(\.[^"]+)\.[jt]s"/gm)].map(([, target]) =>
    join(dirname(path), `${target}.d.ts`).replaceAll("\\", "/"),
  );
  // Examples in docstrings import files that are not there.
  return targets.filter((target) => existsSync(at(TYPES, target)));
}

/**
 * Does a step unless its sources are what they were and its outputs are there. Removes what no step has made.
 *
 * @param {"page" | "code" | "types" | "tests"} name
 * @param {readonly string[]} sources
 * @param {() => Promise<Built & { files: string[] }>} make
 * @param {string} [parts] What else decides on the outputs.
 * @returns {Promise<Built>}
 */
async function step(name, sources, make, parts = "") {
  const stamp = fingerprint(sources) + parts;
  /** @type {Record<string, { stamp: string, outputs: string[] }>} */
  const steps = existsSync(at(STAMP)) ? readJson(STAMP) : {};
  const last = steps[name];
  if (last?.stamp === stamp && last.outputs.every((path) => existsSync(at(path)))) return { code: 0, output: "" };
  delete steps[name];
  writeStamp(steps);
  const { code, output, files } = await make();
  if (code !== 0) return { code, output };
  steps[name] = { stamp, outputs: files };
  removeStale(new Set([...files, ...Object.values(steps).flatMap(({ outputs }) => outputs)]));
  writeStamp(steps);
  return { code, output };
}

function writeStamp(/** @type {unknown} */ steps) {
  mkdirSync(at(dirname(STAMP)), { recursive: true });
  writeFileSync(at(STAMP), JSON.stringify(steps));
}

/**
 * Sources that are loaded later than the kernel, or with it: other entries, and what is imported lazily. Each is made to import the
 * kernel, so that the bundler, which splits by who needs what, leaves the kernel in one piece.
 *
 * @param {readonly string[]} sources
 */
function besidesTheKernel(sources) {
  // What starts the workers of bundles is built alone, and starts without the kernel where it is an entry of its own.
  const lazy = sources
    .filter((path) => path !== `src/${WHOLE.entry}`)
    .flatMap((path) =>
      [...readFileSync(at(path), "utf8").matchAll(/import\("(\.[^"]+)"\)/g)].map(([, target = ""]) =>
        join(dirname(path), target),
      ),
    );
  const later = new Set([...lazy, ...WITH_KERNEL.map((entry) => `src/${entry}`)].map((path) => at(path)));
  later.delete(at("src", COMMAND_LINE));
  return later;
}

/** How all of the code is built. @type {import("esbuild").BuildOptions} */
const CODE = {
  absWorkingDir: at(),
  bundle: true,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  packages: "external",
  // What package.json says of side effects is about the files of dist/: a kind of runnables exists once its source has run.
  ignoreAnnotations: true,
  // Loading takes 17 µs for each kilobyte. Names stay, and lines are short enough for stack traces to say where.
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 120,
  metafile: true,
  logLevel: "silent",
};

/**
 * All packages stay outside; what entries share, the kernel above all, exists once.
 *
 * @param {readonly string[]} sources
 */
async function bundleEntries(sources) {
  // Not before: the scripts that build also install, and start without packages.
  const { build: esbuild, formatMessages } = await import("esbuild");
  const later = besidesTheKernel(sources);
  const early = new Set(["index.ts", ...WITHOUT_KERNEL.entries].map((entry) => at("src", entry)));
  const imports = (/** @type {string[]} */ files) =>
    files.map((file) => `\nimport ${JSON.stringify(at("src", file))};`).join("");
  const kernel = imports(["index.ts"]);
  const shared = imports(WITHOUT_KERNEL.shared);
  /** @type {import("esbuild").Plugin} */
  const wholeKernel = {
    name: "whole-kernel",
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /\/reader\.ts$/ }, () => ({ path: "./reader.js", external: true }));
      onLoad({ filter: /\.ts$/ }, ({ path }) => ({
        contents: load(path) + (later.has(path) ? kernel : early.has(path) ? shared : ""),
        loader: "ts",
      }));
    },
  };
  try {
    const split = await esbuild({
      ...CODE,
      entryPoints: ENTRIES.map((entry) => `src/${entry}`),
      outbase: "src",
      outdir: "dist",
      chunkNames: "chunks/[name]-[hash]",
      splitting: true,
      plugins: [wholeKernel],
    });
    // It lies beside code of others that is minified too.
    const whole = await esbuild({
      ...CODE,
      minify: true,
      keepNames: true,
      plugins: [wholeWorker],
      entryPoints: [`src/${WHOLE.entry}`],
      outfile: WHOLE.outfile,
    });
    const reader = await esbuild({ ...CODE, entryPoints: [`src/${READER.entry}`], outfile: READER.outfile });
    const outputs = [split, whole, reader].flatMap(({ metafile }) => Object.keys(metafile?.outputs ?? {}));
    for (const path of outputs) if (path.endsWith(".js")) polish(at(path));
    return { files: outputs, output: "" };
  } catch (error) {
    const { errors } = /** @type {import("esbuild").BuildFailure} */ (error);
    return { files: [], output: (await formatMessages(errors, { kind: "error" })).join("") };
  }
}

/**
 * A source, in which packages that may be missing are imported so that all bundlers know it: esbuild by the `catch` behind an import,
 * webpack and Turbopack by a `try` around it.
 *
 * @param {string} path
 */
function load(path) {
  return readFileSync(path, "utf8").replace(
    /\bimport\("[^."][^"]*"\)(?=\.catch\()/g,
    (imported) => `(async () => { try { return await ${imported}; } catch (cause) { throw cause; } })()`,
  );
}

/**
 * The file that serves on all platforms: it asks for Node's modules when it runs, as a browser would refuse to import them. Inside
 * workers, lanes stay on the loop: no pool is ever opened there, and no function read.
 *
 * @type {import("esbuild").Plugin}
 */
const wholeWorker = {
  name: "whole-worker",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "builtin" }));
    onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => {
      return { contents: `module.exports = globalThis.process?.getBuiltinModule?.(${JSON.stringify(path)}) ?? {};` };
    });
    onLoad({ filter: /[\\/](?:threads|processes|reader)\.ts$/ }, () => ({ contents: "" }));
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({ contents: load(path), loader: "ts" }));
  },
};

/**
 * The bundler writes `var Thing = class _Thing` for a class that mentions itself, and objects would show that name. Inside a class its
 * own name means the same either way, so the underscore can go. And it breaks lines where other bundlers, which look for
 * `import.meta.url` in a text, would not find it.
 *
 * @param {string} path
 */
function polish(path) {
  const code = readFileSync(path, "utf8");
  const whole = code.replace(/import\n?\.\n?meta\n?\.\n?url/g, (found) =>
    found.includes("\n") ? "\nimport.meta.url" : found,
  );
  const renamed = [...code.matchAll(/\b(\w+) ?= ?class _\1\b/g)].map(([, name]) => name);
  if (renamed.length === 0 && whole === code) return;
  writeFileSync(
    path,
    renamed.length === 0 ? whole : whole.replace(new RegExp(`\\b_(${renamed.join("|")})\\b`, "g"), "$1"),
  );
}

/** @param {readonly string[]} paths */
function fingerprint(paths) {
  const hash = createHash("sha256");
  for (const path of paths)
    hash
      .update(path)
      .update("\0")
      .update(readFileSync(at(path)))
      .update("\0");
  return hash.digest("hex");
}

/** @param {ReadonlySet<string>} outputs */
function removeStale(outputs) {
  for (const path of files("dist")) {
    if (outputs.has(path)) continue;
    rmSync(at(path));
    for (
      let folder = dirname(path);
      folder !== "dist" && readdirSync(at(folder)).length === 0;
      folder = dirname(folder)
    )
      rmdirSync(at(folder));
  }
}

/** The files below a folder, sorted, relative to the root, with forward slashes. */
function files(/** @type {string} */ folder) {
  if (!existsSync(at(folder))) return [];
  return readdirSync(at(folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(at(), join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { code, output } = await build();
  process.stderr.write(output);
  process.exitCode = code;
}
