// @ts-check
/**
 * `npm test`: every check there is, and one line at the end that counts them.
 *
 *   npm test                     everything
 *   npm test -- --verbose        everything, with the output of stages that pass
 *   npm test -- --static         only what reads the sources: build, lint, types, layers, knip, exports
 *   npm test -- test/core -t x   only Vitest, with these arguments
 */
import { build } from "./build.mjs";
import { command, fail, install, node, PASSED, readTally, seconds, TALLY, tally, vitest } from "./lib.mjs";

/**
 * A stage passes with exit code 0. Its counts are its own, or those of the line `N passed, N failed` that it prints,
 * or one.
 * @typedef {{ code: number, output: string, passed?: number, failed?: number, skipped?: number, stuck?: string }} Outcome
 * @typedef {{ name: string, run: () => Promise<Outcome> }} Stage
 */

const script = (/** @type {string[]} */ ...args) => node(args);
/** The stages that did not get on, for the end. @type {string[]} */
const stuck = [];
const total = { passed: 0, failed: 0 };
const args = process.argv.slice(2);
const verbose = args.includes("--verbose");
const onlyStatic = args.includes("--static");
const forVitest = args.filter((arg) => arg !== "--verbose" && arg !== "--static");

async function types() {
  const sources = await script(command("typescript", "tsc"), "-p", "tsconfig.json");
  const tests = await script(command("typescript", "tsc"), "-p", "test");
  const stuck = sources.stuck ?? tests.stuck;
  return { code: sources.code || tests.code, output: sources.output + tests.output, stuck };
}

/** Stages of one row do not depend on each other. Vitest has a row of its own, as tests measure time. */
const staticRows = [
  [
    { name: "build", run: build },
    { name: "lint", run: () => script(command("@biomejs/biome"), "check", "--error-on-warnings") },
  ],
  [
    { name: "types", run: types },
    { name: "layers", run: () => script("scripts/layers.mjs") },
    { name: "knip", run: () => script(command("knip")) },
    { name: "exports", run: () => script("scripts/exports.mjs") },
  ],
];
const rows = [
  ...staticRows,
  [{ name: "vitest", run: () => vitest(["--allowOnly=false"]) }],
  [
    { name: "examples", run: () => script("scripts/examples.mjs") },
    { name: "snippets", run: () => script("scripts/snippets.mjs") },
  ],
];

/** Runs a stage, shows how it went, and adds its counts to the total. */
async function runStage(/** @type {Stage} */ { name, run }) {
  const start = performance.now();
  const outcome = await run();
  const { passed, failed, skipped } = { ...readTally(outcome), ...outcome };
  const counts = passed + failed > 1 ? `  ${tally(passed, failed)}` : "";
  const skips = skipped ? `, ${skipped} skipped` : "";
  const time = seconds(performance.now() - start).padStart(7);
  console.log(`${failed === 0 ? "ok    " : "FAILED"}  ${name.padEnd(8)}  ${time}${counts}${skips}`);
  if (outcome.stuck !== undefined) stuck.push(`${name} was ${outcome.stuck}`);
  const printed = outcome.output.replace(TALLY, "").trimEnd();
  const output = verbose ? printed : `${printed}\n`.replace(PASSED, "").trimEnd();
  if ((failed > 0 || verbose) && output !== "") console.log(`\n${output.replace(/^/gm, "    ")}\n`);
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

// The count is the last line whatever happens.
process.on("exit", (code) => {
  if (code !== 0) total.failed ||= 1;
  else if (total.failed > 0) process.exitCode = 1;
  for (const end of stuck) console.log(end);
  console.log(tally(total.passed, total.failed));
});
// A shell snippet of the README that calls `npm test` would never end.
if (process.env.RUNLANE_TESTING) fail("npm test is running already; a snippet that starts it needs a no-run mark.");
process.env.RUNLANE_TESTING = "1";
await install();
if (forVitest.length > 0) {
  const { code, output } = await build();
  if (code !== 0) console.error(output);
  const { passed, failed } = await vitest(forVitest, { output: "inherit" });
  Object.assign(total, { passed, failed: failed + (code === 0 ? 0 : 1) });
} else {
  for (const row of onlyStatic ? staticRows : rows) await runRow(row);
}
