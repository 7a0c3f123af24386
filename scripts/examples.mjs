// @ts-check
/** Runs every example: a pipeline on a small part of its input, through the built command, anything else by its own script. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { at, node, passed, tally } from "./lib.mjs";

const LIMIT = 25;

/** The pipeline of examples/docs-index, and the files that it reads. */
export const DOCS_INDEX = ["examples/docs-index/pipeline.ts", "--files", "node_modules/*/README.md"];

/**
 * How each folder in examples/ is run: a script that checks the example itself, with its arguments, or the arguments of `runlane batch`,
 * without those that name outputs.
 *
 * @type {Record<string, { script: readonly string[] } | { batch: readonly string[] }>}
 */
const EXAMPLES = {
  browser: { script: ["examples/browser/check.mjs"] },
  "langchain-drop-in": { script: ["examples/langchain-drop-in/run.mjs"] },
  lanes: { script: ["examples/lanes/measure.mjs", "0.1"] },
  cluster: { script: ["examples/cluster/run.mjs", "12"] },
  "cold-starts": { script: ["examples/cold-starts/measure.mjs", "0.1"] },
  "docs-index": { batch: DOCS_INDEX },
  "slow-on-purpose": {
    batch: ["examples/slow-on-purpose/pipeline.ts", "--input", "examples/slow-on-purpose/sections.jsonl"],
  },
  serve: { script: ["examples/serve/check.mjs"] },
};

/**
 * They load a neural model, measure how long a load takes, or are slow on purpose. `npm run test:all` runs them, and test/examples/ holds
 * in every run what they are made of.
 */
const DEAR = new Set(["cluster", "cold-starts", "docs-index", "serve", "slow-on-purpose"]);

/** What is asked of the records of an example after its run: a script with its arguments, and what it has to print. */
const QUESTIONS = {
  "docs-index": {
    args: [
      "--import",
      "tsx",
      "examples/docs-index/ask.ts",
      "--index",
      ".cache/examples/docs-index.jsonl",
      "what is it?",
    ],
    answer: /^\d\.\d\d {2}.+ \(node_modules\/.+\.md\)$/m,
  },
};

/** Returns what is wrong with a run of the example, or nothing. */
async function check(/** @type {string} */ name) {
  const how = EXAMPLES[name];
  if (how === undefined) return "scripts/examples.mjs does not say how to run it";
  if ("script" in how) {
    const { code, output } = await node(how.script);
    return code === 0 ? undefined : output;
  }
  const output = `.cache/examples/${name}.jsonl`;
  const errors = `.cache/examples/${name}.errors.jsonl`;
  mkdirSync(at(".cache/examples"), { recursive: true });
  for (const path of [output, errors]) rmSync(at(path), { force: true });
  const outputs = ["--limit", String(LIMIT), "--output", output, "--errors", errors];
  const run = await node(["dist/cli/main.js", "batch", ...how.batch, ...outputs]);
  if (run.code !== 0) return `exit code ${run.code}\n${run.output}`;
  const records = lines(output).map((line) => JSON.parse(line));
  if (records.length !== LIMIT) return `${records.length} records instead of ${LIMIT}\n${run.output}`;
  if (records.some((record, index) => record.index !== index)) return "the records are not in the order of the inputs";
  if (records.some((record) => record.output === undefined)) return "a record has no output";
  if (lines(errors).length > 0) return `inputs failed:\n${lines(errors).join("\n")}`;
  const question = Object.hasOwn(QUESTIONS, name) ? QUESTIONS[/** @type {keyof typeof QUESTIONS} */ (name)] : undefined;
  if (question === undefined) return undefined;
  const { code, output: said } = await node(question.args);
  return code === 0 && question.answer.test(said) ? undefined : `asked, it said with exit code ${code}:\n${said}`;
}

/** The lines of a file, none if it does not exist. */
const lines = (/** @type {string} */ path) =>
  existsSync(at(path)) ? readFileSync(at(path), "utf8").split("\n").filter(Boolean) : [];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const everything = process.env.RUNLANE_TESTS === "all";
  const folders = existsSync(at("examples")) ? readdirSync(at("examples"), { withFileTypes: true }) : [];
  const folderNames = folders.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const names = [...new Set([...folderNames, ...Object.keys(EXAMPLES)])].filter(
    (name) => everything || !DEAR.has(name),
  );
  let failed = 0;
  for (const name of names) {
    const problem = await check(name);
    if (problem === undefined) {
      console.log(passed(`examples/${name}`));
      continue;
    }
    failed++;
    console.log(`examples/${name}: ${problem}`);
  }
  console.log(tally(names.length - failed, failed));
  process.exitCode = failed > 0 ? 1 : 0;
}
