// @ts-check
/** `npm run test:matrix`: the tests and the examples on every supported line of Node, and on the Node at hand. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { build } from "./build.mjs";
import { at, fail, install, readTally, run, seconds, tally, vitest } from "./lib.mjs";

/** The oldest Node that is supported, and the newest of each later line. */
const VERSIONS = ["20.19.0", "22.23.3", "24.21.0", "26.10.0"];

/** Installs a Node, the npm package `node`, into .cache/ unless it is there. Returns the path of its executable. */
async function obtain(/** @type {string} */ version) {
  const folder = `.cache/node-${version}`;
  const executable = at(folder, "node_modules/node/bin", process.platform === "win32" ? "node.exe" : "node");
  if (existsSync(executable)) return executable;
  mkdirSync(at(folder), { recursive: true });
  writeFileSync(at(folder, "package.json"), JSON.stringify({ private: true }));
  const options = ["--save-exact", "--ignore-scripts=false", "--no-audit", "--no-fund"];
  const { code, output } = await run("npm", ["install", `node@${version}`, ...options], { cwd: at(folder) });
  if (code !== 0 || !existsSync(executable)) fail(`Node ${version} could not be installed.\n${output}`);
  return executable;
}

/** Runs everything on one Node. Returns a row of the table. */
async function test(/** @type {string} */ version, /** @type {string} */ executable) {
  console.log(`Node ${version} ...`);
  const tests = await vitest(["--typecheck.enabled=false"], { executable, report: `.cache/vitest-${version}.json` });
  const examples = await run(executable, ["scripts/examples.mjs"]);
  for (const { code, output } of [tests, examples]) if (code !== 0) console.log(`\nNode ${version}\n${output}`);
  const counts = readTally(examples);
  total.passed += tests.passed + counts.passed;
  total.failed += tests.failed + counts.failed;
  return {
    node: version,
    tests: tally(tests.passed, tests.failed),
    examples: tally(counts.passed, counts.failed),
    time: seconds(tests.ms + examples.ms),
  };
}

await install();
const { code, output } = await build();
if (code !== 0) fail(output);
const total = { passed: 0, failed: 0 };
const rows = [];
rows.push(await test(process.versions.node, process.execPath));
for (const version of VERSIONS) rows.push(await test(version, await obtain(version)));
console.table(rows);
console.log(tally(total.passed, total.failed));
process.exitCode = total.failed > 0 ? 1 : 0;
