// @ts-check
/**
 * `npm test`: every check there is, and lines at the end that sum them up.
 *
 *   npm test                     all stages
 *   npm test -- --verbose        all stages, with the output of those that pass
 *   npm test -- test/core -t x   only Vitest, with these arguments
 *   npm run check                only what reads the sources: build, lint, types, layers, figures, knip, exports
 *   npm run test:watch           Vitest, again and again as files change
 *   npm run test:all             all stages, with every cell of every table, and then the other versions of Node
 *   npm run test:stress          Vitest, on cores that are kept busy
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { build, bundleForTests } from "./build.mjs";
import { command, fail, install, node, PASSED, readTally, seconds, TALLY, tally, vitest } from "./lib.mjs";
import { matrix } from "./matrix.mjs";

/**
 * A stage passes with exit code 0. Its counts are its own, or those of the line `N passed, N failed` that it prints,
 * or one.
 * @typedef {{ code: number, output: string, passed?: number, failed?: number, skipped?: number, stuck?: string }} Outcome
 * @typedef {{ name: string, run: () => Promise<Outcome> }} Stage
 */

const MODES = ["--verbose", "--static", "--all", "--stress", "--watch"];
const args = process.argv.slice(2);
const [verbose, onlyStatic, everything, stressed, watched] = MODES.map((mode) => args.includes(mode));
const forVitest = args.filter((arg) => !MODES.includes(arg));
const start = performance.now();
const total = { passed: 0, failed: 0 };
/** What the summary says besides the counts. @type {{ times: string[], failed: string[], stuck: string[] }} */
const summary = { times: [], failed: [], stuck: [] };

const script = (/** @type {string[]} */ ...args) => node(args);

async function types() {
  // Each checker of a compiler looks into the types of the packages for itself, and the other core has other stages to run.
  const check = (/** @type {string} */ project) =>
    script(command("typescript", "tsc"), "-p", project, "--checkers", "1");
  const all = [];
  for (const project of ["tsconfig.json", "test", "src/inspect/page"]) all.push(await check(project));
  const failed = all.find(({ code }) => code !== 0);
  return {
    code: failed?.code ?? 0,
    output: all.map(({ output }) => output).join(""),
    stuck: all.find(({ stuck }) => stuck)?.stuck,
  };
}

/** What is built is there before anything reads it. */
async function buildAll() {
  const built = await build();
  return built.code === 0 && !onlyStatic ? await bundleForTests() : built;
}

/** Stages of one row do not depend on each other. */
const first = [
  { name: "build", run: buildAll },
  { name: "lint", run: () => script(command("@biomejs/biome"), "check", "--error-on-warnings") },
];
const statics = [
  { name: "types", run: types },
  { name: "layers", run: () => script("scripts/layers.mjs") },
  { name: "figures", run: () => script("scripts/figures.mjs", "--check") },
  // What nobody uses does no harm for a day.
  ...(onlyStatic || everything ? [{ name: "knip", run: () => script(command("knip")) }] : []),
  { name: "exports", run: () => script("scripts/exports.mjs") },
  { name: "size", run: () => script("scripts/size.mjs") },
];
/** The others are run one after the other beside Vitest, which takes by far the longest, and waits now and then. */
const rows = [
  first,
  [
    { name: "vitest", run: () => vitest(["--allowOnly=false"]) },
    ...statics,
    { name: "snippets", run: () => script("scripts/snippets.mjs") },
    { name: "examples", run: () => script("scripts/examples.mjs") },
  ],
  ...(everything ? [[{ name: "matrix", run: matrix }]] : []),
];

/** Runs a stage, shows how it went, and adds its counts to the total. */
async function runStage(/** @type {Stage} */ { name, run }) {
  const start = performance.now();
  const outcome = await run();
  const { passed, failed, skipped } = { ...readTally(outcome), ...outcome };
  const counts = passed + failed > 1 ? `  ${tally(passed, failed)}` : "";
  const skips = skipped ? `, ${skipped} skipped` : "";
  const time = seconds(performance.now() - start);
  console.log(`${failed === 0 ? "ok    " : "FAILED"}  ${name.padEnd(8)}  ${time.padStart(7)}${counts}${skips}`);
  const printed = outcome.output.replace(TALLY, "").trimEnd();
  const output = verbose ? printed : `${printed}\n`.replace(PASSED, "").trimEnd();
  if ((failed > 0 || verbose) && output !== "") console.log(`\n${output.replace(/^/gm, "    ")}\n`);
  summary.times.push(`${name} ${time}`);
  if (failed > 0) summary.failed.push(name);
  if (outcome.stuck !== undefined) summary.stuck.push(`${name} was ${outcome.stuck}`);
  total.passed += passed;
  total.failed += failed;
}

/** Runs the stages of a row, two at a time. */
async function runRow(/** @type {readonly Stage[]} */ row) {
  const queue = [...row];
  const work = async () => {
    for (let stage = queue.shift(); stage !== undefined; stage = queue.shift()) await runStage(stage);
  };
  await Promise.all([work(), work()]);
}

/** Only Vitest, which talks to the terminal itself. It bundles what is older than its sources, and needs no types. */
async function runVitest() {
  const types = forVitest.some((arg) => arg.includes("test-d")) ? ["--typecheck"] : [];
  const counts = await vitest([...types, ...forVitest], { output: "inherit" });
  if (counts.passed + counts.failed === 0) {
    console.error(`No test was run: nothing matches ${forVitest.join(" ")}`);
    counts.failed = 1;
  }
  Object.assign(total, { passed: counts.passed, failed: counts.failed });
}

/** Keeps each core busy for as long as this process lives. */
function keepCoresBusy() {
  for (let core = 0; core < availableParallelism(); core++) new Worker("for (;;);", { eval: true }).unref();
}

// The count is the last line whatever happens.
process.on("exit", (code) => {
  if (code !== 0) total.failed ||= 1;
  else if (total.failed > 0) process.exitCode = 1;
  if (watched) return;
  if (summary.times.length > 0)
    console.log(`\n${summary.times.join(", ")}; in all ${seconds(performance.now() - start)}`);
  if (summary.failed.length > 0) console.log(`failed: ${summary.failed.join(", ")}`);
  for (const stage of summary.stuck) console.log(stage);
  console.log(tally(total.passed, total.failed));
});
// A shell snippet of the README that calls `npm test` would never end.
if (process.env.RUNLANE_TESTING) fail("npm test is running already; a snippet that starts it needs a no-run mark.");
process.env.RUNLANE_TESTING = "1";
if (everything) process.env.RUNLANE_TESTS = "all";
await install();
if (watched) {
  // Vitest sees changes of what it has loaded itself.
  const env = { RUNLANE_TEST_SOURCES: "1" };
  const { code } = await node([command("vitest"), "watch", ...forVitest], { output: "inherit", env });
  process.exitCode = code;
} else if (stressed || forVitest.length > 0) {
  if (stressed) keepCoresBusy();
  await runVitest();
} else {
  for (const row of onlyStatic ? [first, statics] : rows) await runRow(row);
}
