// @ts-check
/** Holds what Runlane weighs: in a bundle, when it is imported, and as a package. `--parts` shows what a bundle is made of. */
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { at, run, tally } from "./lib.mjs";

/** At most so much, in bytes or files. */
const BUDGETS = {
  'import { RunnableLambda } from "runlane", minified and gzipped': 88_000,
  "the package, packed": 1_000_000,
  "the package, in files": 500,
};

/**
 * What a program loads at once that imports something: the entry and the chunks that it imports statically.
 *
 * @param {string} code
 * @param {string} [resolveDir]
 */
export async function staticSize(code, resolveDir = at("dist")) {
  const { build } = await import("esbuild");
  const { metafile, outputFiles = [] } = await build({
    stdin: { contents: code, resolveDir },
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    packages: "external",
    outdir: at(".cache/size"),
    write: false,
    metafile: true,
    absWorkingDir: at(),
    logLevel: "silent",
  });
  const texts = new Map(outputFiles.map(({ path, contents }) => [path, contents]));
  /** @type {Map<string, number>} */
  const parts = new Map();
  const seen = new Set();
  let bytes = 0;
  /** @param {string} path */
  const add = (path) => {
    if (seen.has(path)) return;
    seen.add(path);
    const { imports, inputs } = metafile.outputs[path] ?? { imports: [], inputs: {} };
    bytes += gzipSync(texts.get(at(path)) ?? "").length;
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) parts.set(input, bytesInOutput);
    for (const { path: next, kind } of imports) if (kind === "import-statement" && next in metafile.outputs) add(next);
  };
  add(".cache/size/stdin.js");
  return { bytes, parts };
}

/** The size of the archive, and how many files are in it. */
async function packageSize() {
  const { code, output } = await run("npm", ["pack", "--ignore-scripts", "--dry-run", "--json"]);
  if (code !== 0) throw new Error(output);
  const [{ size, entryCount }] = JSON.parse(output.slice(output.indexOf("[")));
  return { size, entryCount };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { bytes, parts } = await staticSize('export { RunnableLambda } from "./index.js"');
  if (process.argv.includes("--parts")) {
    const sorted = [...parts].sort(([, one], [, other]) => other - one);
    for (const [part, size] of sorted) console.log(String(size).padStart(8), part);
  }
  const { size, entryCount } = await packageSize();
  const measured = [bytes, size, entryCount];
  let failed = 0;
  for (const [index, [what, most]] of Object.entries(BUDGETS).entries()) {
    const is = measured[index] ?? 0;
    if (is > most) failed++;
    console.log(
      `${is > most ? "too much: " : ""}${what}: ${is.toLocaleString("en-US")} of ${most.toLocaleString("en-US")}`,
    );
  }
  console.log(tally(measured.length - failed, failed));
  process.exitCode = failed > 0 ? 1 : 0;
}
