// @ts-check
/** `npm run test:matrix`: the tests and the examples on every supported line of Node, and on the Node at hand. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { at, fail, install, readTally, run, seconds, tally, vitest } from "./lib.mjs";

/** The oldest Node that is supported, and the newest of each later line. */
const VERSIONS = ["20.19.0", "22.23.3", "24.21.0", "26.10.0"];

/** Installs a Node, the npm package `node`, into .cache/ unless it is there. Returns the path of its executable. */
export async function obtain(/** @type {string} */ version) {
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

/**
 * Runs the tests and the examples on the given Nodes.
 *
 * @param {Record<string, string | undefined>} nodes Their executables, by version; those without one are installed.
 */
async function runOn(nodes) {
  const total = { passed: 0, failed: 0 };
  let output = "";
  for (const [version, path] of Object.entries(nodes)) {
    const executable = path ?? (await obtain(version));
    const tests = await vitest([], { executable, report: `.cache/vitest-${version}.json` });
    const examples = await run(executable, ["scripts/examples.mjs"]);
    const counts = readTally(examples);
    for (const { code, output: text } of [tests, examples]) if (code !== 0) output += `\nNode ${version}\n${text}`;
    const [of, and] = [tally(tests.passed, tests.failed), tally(counts.passed, counts.failed)];
    output += `Node ${version}: tests ${of}; examples ${and}; ${seconds(tests.ms + examples.ms)}\n`;
    total.passed += tests.passed + counts.passed;
    total.failed += tests.failed + counts.failed;
  }
  return { code: total.failed > 0 ? 1 : 0, output, ...total };
}

/** On all supported lines of Node. */
export const matrix = () => runOn(Object.fromEntries(VERSIONS.map((version) => [version, undefined])));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await install();
  const { code, output } = await build();
  if (code !== 0) fail(output);
  const here = await runOn({ [process.versions.node]: process.execPath });
  const others = await matrix();
  console.log(here.output + others.output);
  console.log(tally(here.passed + others.passed, here.failed + others.failed));
  process.exitCode = here.code || others.code;
}
