// @ts-check
/**
 * The figures in README.md and docs/ come from a stored run of the benchmarks.
 *
 *   npm run figures               writes the figures of the newest run in bench/results/
 *   npm run figures -- --check    fails where a document says anything else
 *   npm run figures -- --measure  runs all benchmarks and the measuring examples first, and stores the run: takes half an hour
 *
 * A place for figures is between `<!-- figures: overhead, batch -->`, the names of suites, and `<!-- /figures -->`. Besides suites there
 * are `run`, which says what was run, and `example <name>`, which is what examples/<name>/measure.mjs has printed.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { at, fail, install, node, readJson, SILENCE_MS } from "./lib.mjs";

const RESULTS = "bench/results";
const EXAMPLES = ["lanes", "cold-starts"];
const PLACE = /(<!-- figures: ([^>]*) -->)[\s\S]*?(<!-- \/figures -->)/g;

/**
 * @typedef {object} FigureRow
 * @property {string} suite
 * @property {string} name
 * @property {number} value
 * @property {string} unit
 * @property {string | null} peer
 * @property {number | null} peerValue
 * @property {number | null} ratio
 * @property {string | null} budget
 * @property {boolean} ok
 * @typedef {object} StoredRun
 * @property {boolean} quick
 * @property {string} node
 * @property {number} cpus
 * @property {FigureRow[]} rows
 * @property {Record<string, [name: string, figure: string][]>} [examples]
 */

/**
 * A figure with as many digits as mean something.
 *
 * @param {number | null} value
 */
export function figure(value) {
  if (value === null) return "";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3);
}

/**
 * A document with the figures of a run in its places.
 *
 * @param {string} text
 * @param {StoredRun} run
 */
export function fill(text, run) {
  return text.replace(PLACE, (_, opening, names, closing) => `${opening}\n${show(names, run)}\n${closing}`);
}

/** What stands in one place. */
function show(/** @type {string} */ names, /** @type {StoredRun} */ run) {
  if (names === "run") return describe(run);
  const [, example] = /^example (.+)$/.exec(names) ?? [];
  if (example !== undefined) {
    const rows = run.examples?.[example] ?? fail(`The stored run has no example ${example}.`);
    return markdown(["what", "one run"], rows);
  }
  const suites = names.split(/, */);
  for (const suite of suites)
    if (!run.rows.some((row) => row.suite === suite)) fail(`The stored run has no suite ${suite}.`);
  const head = ["what", "Runlane", "compared with", "ratio", "budget"];
  return markdown(head, run.rows.filter(({ suite }) => suites.includes(suite)).map(cells));
}

function describe(/** @type {StoredRun} */ { node, cpus, rows }) {
  const budgets = rows.filter(({ budget }) => budget !== null);
  const missed = budgets.filter(({ ok }) => !ok).length;
  const verdict =
    missed === 0
      ? "All budgets are met."
      : `${budgets.length - missed} of ${budgets.length} budgets are met; the others say "missed".`;
  return `One run of each suite, Node ${node.replace(/^v/, "")} on ${cpus} cores. ${verdict}`;
}

/** @param {FigureRow} row @returns {string[]} */
function cells({ name, value, unit, peer, peerValue, ratio, budget, ok }) {
  const theirs = peer === null ? "" : `${peer}: ${figure(peerValue)} ${unit}`;
  const times = ratio === null ? "" : `${figure(ratio)}${budget?.startsWith(">=") ? " times less" : ""}`;
  return [name, `${figure(value)} ${unit}`, theirs, ok ? times : `${times}${times && ", "}missed`, budget ?? ""];
}

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
function markdown(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`.replaceAll(/\| {2}(?=\|)/g, "| ");
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The files that have places for figures. */
const documents = () =>
  ["README.md", ...readdirSync(at("docs")).map((name) => `docs/${name}`)].filter(
    (path) => path.endsWith(".md") && readFileSync(at(path), "utf8").includes("<!-- figures:"),
  );

/** Runs everything, and stores what it gives under the version of the package. */
async function measure() {
  await install();
  const built = await build();
  if (built.code !== 0) fail(built.output);
  const bench = ["--expose-gc", "--import", "tsx", "bench/main.ts", "--json"];
  // It tells on standard error which suite runs; a suite is silent for as long as it takes.
  const { code, output } = await node(bench, { silenceMs: 6 * SILENCE_MS });
  const json = output.slice(output.indexOf("{\n"), output.lastIndexOf("}") + 1);
  if (json === "") fail(`The benchmarks ended with exit code ${code}:\n${output}`);
  const run = JSON.parse(json);
  run.examples = {};
  for (const name of EXAMPLES) {
    const example = await node(["--expose-gc", `examples/${name}/measure.mjs`]);
    if (example.code !== 0) fail(example.output);
    run.examples[name] = example.output
      .trim()
      .split("\n")
      .map((line) => /^(.*?)\s{2,}(.*)$/.exec(line)?.slice(1))
      .filter((row) => row !== undefined);
  }
  mkdirSync(at(RESULTS), { recursive: true });
  const path = `${RESULTS}/${readJson("package.json").version}.json`;
  writeFileSync(at(path), `${JSON.stringify(run, null, 2)}\n`);
  console.log(`stored ${path}`);
}

/** The run of the newest version. */
function newest() {
  const versions = existsSync(at(RESULTS)) ? readdirSync(at(RESULTS)).filter((name) => name.endsWith(".json")) : [];
  const [last] = versions.sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  return last === undefined ? undefined : /** @type {StoredRun} */ (readJson(`${RESULTS}/${last}`));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes("--measure")) await measure();
  const run = newest();
  const isCheck = process.argv.includes("--check");
  if (run === undefined && !isCheck) fail(`There is no run in ${RESULTS}; npm run figures -- --measure stores one.`);
  if (run?.quick) fail("The stored run is a quick one, whose figures say little.");
  for (const path of run === undefined ? [] : documents()) {
    const text = readFileSync(at(path), "utf8");
    const filled = fill(text, /** @type {StoredRun} */ (run));
    if (filled === text) continue;
    if (isCheck) {
      console.log(`${path} has figures that are not of the stored run: npm run figures writes them`);
      process.exitCode = 1;
    } else {
      writeFileSync(at(path), filled);
      console.log(`wrote ${path}`);
    }
  }
}
