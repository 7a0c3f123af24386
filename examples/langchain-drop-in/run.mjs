// @ts-check
/**
 * Shows that Runlane is a drop-in for `@langchain/core/runnables`: every program of `programs/` is compiled and run twice, once as
 * it is and once with nothing changed but the names of the modules it imports from, and has to print the same.
 *
 *     node examples/langchain-drop-in/run.mjs
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { command, node, tally } from "../../scripts/lib.mjs";

/** LangChain's modules, and Runlane's in their place. */
const MODULES = {
  "@langchain/core/runnables": "runlane",
  "@langchain/core/runnables/graph": "runlane/graph",
  "@langchain/core/context": "runlane/context",
  "@langchain/core/callbacks/dispatch": "runlane/context",
};
const VARIANTS = ["langchain", "runlane"];
const here = dirname(fileURLToPath(import.meta.url));
const generated = join(here, ".generated");

/** Writes both variants of the programs below the package, where `runlane` means the package itself. */
function generate() {
  rmSync(generated, { recursive: true, force: true });
  for (const variant of VARIANTS) mkdirSync(join(generated, variant), { recursive: true });
  const names = readdirSync(join(here, "programs")).filter((file) => file.endsWith(".ts"));
  for (const file of names) {
    const source = readFileSync(join(here, "programs", file), "utf8");
    const switched = source.replace(
      /(?<=from ")[^"]+(?=")/g,
      (name) => Object.assign(Object.create(null), MODULES)[name] ?? name,
    );
    writeFileSync(join(generated, "langchain", file), source);
    writeFileSync(join(generated, "runlane", file), switched);
  }
  const options = { noEmit: false, allowJs: false, outDir: "js", rootDir: "." };
  const config = { extends: "../../../tsconfig.json", compilerOptions: options, include: VARIANTS };
  writeFileSync(join(generated, "tsconfig.json"), JSON.stringify(config));
  return names.map((file) => file.replace(".ts", ""));
}

/** What the compiler says about each program, by `variant/program`. It emits JavaScript whatever it says. */
async function compile() {
  const { output } = await node(
    [command("typescript", "tsc"), "-p", join(generated, "tsconfig.json"), "--pretty", "false"],
    { cwd: generated },
  );
  /** @type {Record<string, string[]>} */
  const errors = {};
  let file = "";
  for (const line of output.split("\n").filter(Boolean)) {
    file = /^(\S+)\.ts\(\d/.exec(line)?.[1] ?? file;
    errors[file] = [...(errors[file] ?? []), line];
  }
  return errors;
}

/**
 * What each program of a variant printed.
 * @returns {Promise<Record<string, string[]>>}
 */
async function play(/** @type {string} */ variant) {
  const output = join(generated, `${variant}.json`);
  const run = await node([join(here, "play.mjs"), join(generated, "js", variant), output]);
  if (run.code !== 0) throw new Error(`The ${variant} programs ended with exit code ${run.code}:\n${run.output}`);
  return JSON.parse(readFileSync(output, "utf8"));
}

/** Shows the first line in which two prints differ. */
function difference(/** @type {string[]} */ before, /** @type {string[]} */ after) {
  const line = before.findIndex((text, index) => text !== after[index]);
  const at = line === -1 ? before.length : line;
  const show = (/** @type {string[]} */ lines) => lines[at] ?? "(nothing)";
  return `line ${at + 1}:\n  LangChain: ${show(before)}\n  Runlane:   ${show(after)}`;
}

const names = generate();
const errors = await compile();
const [before = {}, after = {}] = await Promise.all(VARIANTS.map(play));
let failed = 0;
for (const name of names) {
  const problems = VARIANTS.flatMap((variant) => errors[`${variant}/${name}`] ?? []);
  const [expected = [], printed = []] = [before[name], after[name]];
  if (expected.length === 0) problems.push("it prints nothing");
  const thrown = expected.find((line) => line.startsWith("threw "));
  if (thrown !== undefined) problems.push(`it fails with LangChain: ${thrown}`);
  if (JSON.stringify(expected) !== JSON.stringify(printed)) problems.push(difference(expected, printed));
  if (problems.length === 0) continue;
  failed++;
  console.log(`${name}: ${problems.join("\n")}`);
}
console.log(tally(names.length - failed, failed));
process.exitCode = failed > 0 ? 1 : 0;
