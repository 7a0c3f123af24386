// @ts-check
/**
 * The figures in README.md and docs/, and the charts of them, come from a stored run of the benchmarks.
 *
 *   npm run figures               writes the figures of the newest run in bench/results/
 *   npm run figures -- --check    fails where a document says anything else, or scripts/why-missed.mjs does not fit the run
 *   npm run figures -- --measure  runs all benchmarks and the measuring examples first, and stores the run: takes half an hour
 *   npm run figures -- --measure overhead examples   runs some of them, and stores them in the place of what was measured before
 *
 * A place for figures is between `<!-- figures: overhead, batch -->`, the names of suites, and `<!-- /figures -->`. Besides suites there
 * are `run`, which says what was run, and `example <name>`, which is what examples/<name>/measure.mjs has printed.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { charts } from "./charts.mjs";
import { at, fail, install, node, readJson, SILENCE_MS } from "./lib.mjs";
import { missedIn, WHY, wrongReasons } from "./why-missed.mjs";

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
 * @param {import("./why-missed.mjs").Reasons} [why] The reasons why budgets are missed.
 */
export function fill(text, run, why = WHY) {
  return text.replace(PLACE, (_, opening, names, closing) => `${opening}\n${show(names, run, why)}\n${closing}`);
}

/**
 * What stands in one place.
 *
 * @param {string} names
 * @param {StoredRun} run
 * @param {import("./why-missed.mjs").Reasons} why
 */
function show(names, run, why) {
  if (names === "run") return describe(run);
  if (names === "three") return three(run);
  const [, example] = /^example (.+)$/.exec(names) ?? [];
  if (example !== undefined) {
    const rows = run.examples?.[example] ?? fail(`The stored run has no example ${example}.`);
    return markdown(["what", "one run"], rows);
  }
  const suites = names.split(/, */);
  for (const suite of suites)
    if (!run.rows.some((row) => row.suite === suite)) fail(`The stored run has no suite ${suite}.`);
  const head = ["what", "Runlane", "compared with", "ratio", "budget"];
  const table = markdown(head, run.rows.filter(({ suite }) => suites.includes(suite)).map(cells));
  const missed = missedIn(run.rows, suites, why);
  if (missed.length === 0) return table;
  return [table, "", "Missed, and why:", "", ...missed.map(({ title, reason = "" }) => `- ${title}. ${reason}`)].join(
    "\n",
  );
}

/**
 * The rows that README.md shows: what a step costs, what an input costs on its way to a thread, how long the import takes.
 * @type {readonly { suite: string, name: string, peer: RegExp, says: string }[]}
 */
const HEADLINES = [
  { suite: "overhead", name: "10 sync steps", peer: /langchain/i, says: "a chain of 10 sync steps, called once" },
  {
    suite: "lanes",
    name: "batch 100,000 tiny, each",
    peer: /./,
    says: "a tiny input in a batch on threads; the best other pool",
  },
  { suite: "import", name: 'import "runlane"', peer: /langchain/i, says: "the import" },
];

function three(/** @type {StoredRun} */ { rows }) {
  const shown = HEADLINES.map(({ suite, name, peer, says }) => {
    const row = rows.find((row) => row.suite === suite && row.name === name && peer.test(row.peer ?? ""));
    if (row === undefined) fail(`The stored run has no row ${name} of the suite ${suite}.`);
    return [says, ...cells(row).slice(1, 3)];
  });
  return markdown(["what", "Runlane", "compared with"], shown);
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

/** All that is written from a run: documents, with its figures in their places, and charts. */
function written(/** @type {StoredRun} */ run) {
  const texts = documents().map((path) => ({ path, text: fill(readFileSync(at(path), "utf8"), run) }));
  return [...texts, ...charts(run).map(({ path, svg }) => ({ path, text: svg }))];
}

/** Runs some suites, or everything, and stores what they give under the versions of the package and of Node. */
async function measure(/** @type {readonly string[]} */ chosen) {
  await install();
  const built = await build();
  if (built.code !== 0) fail(built.output);
  const path = `${RESULTS}/${readJson("package.json").version}-node${process.versions.node.split(".")[0]}.json`;
  const stored = existsSync(at(path)) ? readJson(path) : { rows: [], examples: {} };
  const run = await measureSuites(
    chosen.filter((name) => name !== "examples"),
    chosen.length === 0,
    stored.rows,
  );
  Object.assign(stored, run);
  if (chosen.length === 0 || chosen.includes("examples")) stored.examples = await measureExamples();
  mkdirSync(at(RESULTS), { recursive: true });
  writeFileSync(at(path), `${JSON.stringify(stored, null, 2)}\n`);
  console.log(`stored ${path}`);
}

/** What a run says once the chosen suites have been measured again, or all of them. */
async function measureSuites(
  /** @type {readonly string[]} */ chosen,
  /** @type {boolean} */ all,
  /** @type {FigureRow[]} */ before,
) {
  /** @type {Partial<StoredRun>} */
  let run = {};
  let rows = before;
  for (const suite of all ? ["all"] : chosen) {
    const bench = ["--expose-gc", "--import", "tsx", "bench/main.ts", suite, "--json"];
    // It tells on standard error which suite runs; a suite is silent for as long as it takes.
    const { code, output } = await node(bench, { silenceMs: 6 * SILENCE_MS });
    const json = output.slice(output.indexOf("{\n"), output.lastIndexOf("}") + 1);
    if (json === "") fail(`The benchmarks ended with exit code ${code}:\n${output}`);
    run = JSON.parse(json);
    rows = suite === "all" ? (run.rows ?? []) : [...rows.filter((row) => row.suite !== suite), ...(run.rows ?? [])];
  }
  return { ...run, rows };
}

async function measureExamples() {
  /** @type {Record<string, [name: string, figure: string][]>} */
  const examples = {};
  for (const name of EXAMPLES) {
    const example = await node(["--expose-gc", `examples/${name}/measure.mjs`]);
    if (example.code !== 0) fail(example.output);
    examples[name] = /** @type {[string, string][]} */ (
      example.output
        .trim()
        .split("\n")
        .map((line) => /^(.*?)\s{2,}(.*)$/.exec(line)?.slice(1))
        .filter((row) => row !== undefined)
    );
  }
  return examples;
}

/**
 * The path of the run of the newest version, on the oldest Node that it was measured on.
 *
 * @param {string} [major] The version of Node that it was measured on, for example `20`.
 */
export function newestRun(major) {
  const names = existsSync(at(RESULTS)) ? readdirSync(at(RESULTS)) : [];
  const runs = names.flatMap((name) => {
    const [, version = "", on = ""] = /^(.+)-node(\d+)\.json$/.exec(name) ?? [];
    return version === "" || (major !== undefined && on !== major) ? [] : [{ name, version, on: Number(on) }];
  });
  runs.sort((a, b) => b.version.localeCompare(a.version, "en", { numeric: true }) || a.on - b.on);
  return runs[0] === undefined ? undefined : `${RESULTS}/${runs[0].name}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const args = process.argv.slice(2);
  if (args.includes("--measure")) await measure(args.filter((arg) => !arg.startsWith("--")));
  const path = newestRun();
  const run = path === undefined ? undefined : /** @type {StoredRun} */ (readJson(path));
  const isCheck = process.argv.includes("--check");
  if (run === undefined && !isCheck) fail(`There is no run in ${RESULTS}; npm run figures -- --measure stores one.`);
  for (const wrong of wrongReasons(run?.rows ?? [])) {
    console.log(`scripts/why-missed.mjs: ${wrong}`);
    if (isCheck) process.exitCode = 1;
  }
  if (run?.quick) fail("The stored run is a quick one, whose figures say little.");
  for (const { path, text } of run === undefined ? [] : written(run)) {
    if (existsSync(at(path)) && readFileSync(at(path), "utf8") === text) continue;
    if (isCheck) {
      console.log(`${path} has figures that are not of the stored run: npm run figures writes them`);
      process.exitCode = 1;
    } else {
      writeFileSync(at(path), text);
      console.log(`wrote ${path}`);
    }
  }
}
