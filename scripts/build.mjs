// @ts-check
/**
 * Compiles src/ to dist/, one output per source. Does nothing when no source changed since the last build, and removes
 * outputs whose source is gone. Prints nothing when all is well.
 */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { at, command, node } from "./lib.mjs";

const STAMP = ".cache/build.json";
const SUFFIXES = [".js", ".js.map", ".d.ts", ".d.ts.map"];

/** Builds where needed. Returns the exit code of the compiler and what it printed. */
export async function build() {
  const sources = files("src").filter((path) => path.endsWith(".ts"));
  const outputs = sources.flatMap((path) => SUFFIXES.map((suffix) => path.replace(/^src(.*)\.ts$/, `dist$1${suffix}`)));
  const complete = outputs.every((path) => existsSync(at(path)));
  const stamp = fingerprint([
    ...sources,
    "tsconfig.json",
    "tsconfig.build.json",
    "node_modules/typescript/package.json",
  ]);
  if (complete && existsSync(at(STAMP)) && readFileSync(at(STAMP), "utf8") === stamp) return { code: 0, output: "" };

  // The compiler trusts its notes: with an output missing they are wrong.
  rmSync(at(STAMP), { force: true });
  if (!complete) rmSync(at(".cache/build.tsbuildinfo"), { force: true });
  const { code, output } = await node([command("typescript", "tsc"), "-p", "tsconfig.build.json"]);
  removeStale(new Set(outputs));
  if (existsSync(at("dist/cli/main.js"))) chmodSync(at("dist/cli/main.js"), 0o755);
  if (code === 0) {
    mkdirSync(at(dirname(STAMP)), { recursive: true });
    writeFileSync(at(STAMP), stamp);
  }
  return { code, output };
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
