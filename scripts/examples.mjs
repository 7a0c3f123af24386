// @ts-check
/** Runs every example: a pipeline on a small part of its input, through the built command, anything else by its own script. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { at, node, passed, tally } from "./lib.mjs";

const LIMIT = 25;

/**
 * How each folder in examples/ is run: the arguments of `runlane batch`, without those that name outputs, or a script that checks
 * the example itself.
 */
export const EXAMPLES = {
  "langchain-drop-in": "examples/langchain-drop-in/run.mjs",
  lanes: "examples/lanes/measure.mjs",
  "cold-starts": "examples/cold-starts/measure.mjs",
  "docs-index": ["examples/docs-index/pipeline.ts", "--files", "node_modules/**/*.md"],
};

/** Returns what is wrong with a run of the example, or nothing. */
async function check(/** @type {string} */ name, /** @type {readonly string[] | string | undefined} */ args) {
  if (args === undefined) return "scripts/examples.mjs does not say how to run it";
  if (typeof args === "string") {
    const { code, output } = await node([args]);
    return code === 0 ? undefined : output;
  }
  const output = `.cache/examples/${name}.jsonl`;
  const errors = `.cache/examples/${name}.errors.jsonl`;
  mkdirSync(at(".cache/examples"), { recursive: true });
  for (const path of [output, errors]) rmSync(at(path), { force: true });
  const outputs = ["--limit", String(LIMIT), "--output", output, "--errors", errors];
  const run = await node(["dist/cli/main.js", "batch", ...args, ...outputs]);
  if (run.code !== 0) return `exit code ${run.code}\n${run.output}`;
  const records = lines(output).map((line) => JSON.parse(line));
  if (records.length !== LIMIT) return `${records.length} records instead of ${LIMIT}\n${run.output}`;
  if (records.some((record, index) => record.index !== index)) return "the records are not in the order of the inputs";
  if (records.some((record) => record.output === undefined)) return "a record has no output";
  if (lines(errors).length > 0) return `inputs failed:\n${lines(errors).join("\n")}`;
  return undefined;
}

/** The lines of a file, none if it does not exist. */
const lines = (/** @type {string} */ path) =>
  existsSync(at(path)) ? readFileSync(at(path), "utf8").split("\n").filter(Boolean) : [];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folders = existsSync(at("examples")) ? readdirSync(at("examples"), { withFileTypes: true }) : [];
  const names = new Set(folders.filter((entry) => entry.isDirectory()).map((entry) => entry.name));
  let failed = 0;
  for (const name of new Set([...names, ...Object.keys(EXAMPLES)])) {
    const problem = await check(name, EXAMPLES[/** @type {keyof typeof EXAMPLES} */ (name)]);
    if (problem === undefined) {
      console.log(passed(`examples/${name}`));
      continue;
    }
    failed++;
    console.log(`examples/${name}: ${problem}`);
  }
  console.log(tally(new Set([...names, ...Object.keys(EXAMPLES)]).size - failed, failed));
  process.exitCode = failed > 0 ? 1 : 0;
}
