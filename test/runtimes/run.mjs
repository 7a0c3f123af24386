// @ts-check
/**
 * `npm run test:runtimes`: runs the same program on every runtime, and another one bundled by every bundler, and compares
 * what they say with the tables in docs/. `-- --write` writes those. `-- bun deno` tries only what has such a word in its name.
 *
 * Runtimes and bundlers are installed here, from npm: the project itself needs none of them.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "../../scripts/build.mjs";
import { at, fail, install, passed, run, tally } from "../../scripts/lib.mjs";
import { installPackage } from "./package-copy.mjs";
import { DOCUMENTS, filled, RESULTS, SPEED, storedResults } from "./tables.mjs";

const FOLDER = at("test/runtimes");
const writes = process.argv.includes("--write");
const words = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));

/** What the programs need: the packages of this folder's lock file, and the built package. */
async function prepare() {
  await install();
  const built = await build();
  if (built.code !== 0) fail(built.output);
  const lock = readFileSync(`${FOLDER}/package-lock.json`, "utf8");
  const stamp = `${FOLDER}/node_modules/.installed`;
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
    console.log("Installing the runtimes ...");
    const flags = ["--no-audit", "--no-fund", "--ignore-scripts"];
    const { code, output } = await run("npm", ["install", ...flags], { cwd: FOLDER });
    if (code !== 0) fail(`They cannot be installed:\n${output}`);
    writeFileSync(stamp, lock);
  }
  installPackage();
}

const counts = { passed: 0, failed: 0 };
const results = storedResults();

/** Runs what stands in one row or column, and says what is wrong with it. @param {() => Promise<Record<string, string>>} tryAll @param {Record<string, string> | undefined} stored */
async function check(/** @type {string} */ name, tryAll, stored) {
  /** @type {Record<string, string>} */
  let cells = {};
  /** @type {string[]} */
  let wrong;
  try {
    cells = await tryAll();
    wrong = Object.entries(cells).flatMap(([tried, cell]) => {
      if (cell.startsWith("FAILED")) return [`${tried}: ${cell}`];
      // What is in no table yet has only to work, or to say clearly why it does not.
      const isAsStored = writes || tried === SPEED || stored === undefined || stored[tried] === cell;
      return isAsStored ? [] : [`${tried}: ${cell}, and docs/ says ${stored?.[tried] ?? "nothing"}`];
    });
  } catch (error) {
    wrong = [String((error instanceof Error && error.stack) || error)];
  }
  if (wrong.length === 0) console.log(passed(name));
  for (const problem of wrong) console.log(`${name}: ${problem}`);
  counts[wrong.length === 0 ? "passed" : "failed"]++;
  return cells;
}

/** @param {import("./tables.mjs").Seen} seen @param {keyof import("./tables.mjs").Results} kind */
function write(seen, kind) {
  results[kind] = seen;
  writeFileSync(at(RESULTS), `${JSON.stringify(results, null, 2)}\n`);
  for (const path of DOCUMENTS) writeFileSync(at(path), filled(readFileSync(at(path), "utf8"), results));
}

await prepare();
// They need what has just been installed.
const { BUNDLED } = await import("./bundlers.mjs");
const { LOADERS } = await import("./loaders.mjs");
const { RUNTIMES } = await import("./runtimes.mjs");
for (const [kind, all] of /** @type {const} */ ([
  ["runtimes", RUNTIMES],
  ["bundlers", BUNDLED],
  ["loaders", LOADERS],
])) {
  for (const [name, tryAll] of Object.entries(all)) {
    if (words.length > 0 && !words.some((word) => name.toLowerCase().includes(word))) continue;
    const cells = await check(name, tryAll, results[kind]?.[name]);
    const seen = { ...results[kind], [name]: cells };
    // In the order in which they are tried, and without those that are tried no more.
    if (writes)
      write(Object.fromEntries(Object.keys(all).flatMap((one) => (seen[one] ? [[one, seen[one]]] : []))), kind);
  }
}
console.log(tally(counts.passed, counts.failed));
process.exitCode = counts.failed > 0 ? 1 : 0;
