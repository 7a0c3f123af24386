// @ts-check
/**
 * `npm run release -- 1.2.3 [--dry-run]`: checks everything, writes the version and the changelog's heading, builds, packs, tries the
 * archive in an empty project, commits and tags. A dry run changes nothing. Publishing is left to whoever runs it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "./build.mjs";
import { at, fail, install, node, readJson, run } from "./lib.mjs";
import { pack, tryArchive } from "./tarball.mjs";

const UNRELEASED = "## Unreleased\n";
const args = process.argv.slice(2);
const isDry = args.includes("--dry-run");
const [version = "", ...rest] = args.filter((arg) => arg !== "--dry-run");

/** Ends with what a command said when it fails. */
async function must(/** @type {string} */ what, /** @type {Promise<{ code: number, output: string }>} */ command) {
  console.log(what);
  const { code, output } = await command;
  if (code !== 0) fail(`${output}\n${what}: failed.`);
  return output;
}

/** Whether a version comes after another one. */
function isLater(/** @type {string} */ a, /** @type {string} */ b) {
  const [left, right] = [a, b].map((text) => text.split(/[.-]/).slice(0, 3).map(Number));
  const at = left?.findIndex((part, index) => part !== right?.[index]) ?? -1;
  return at !== -1 && Number(left?.[at]) > Number(right?.[at]);
}

if (!/^\d+\.\d+\.\d+(-[0-9a-z.-]+)?$/.test(version) || rest.length > 0)
  fail("usage: npm run release -- <version, as 1.2.3> [--dry-run]");
await install();
const { version: current } = readJson("package.json");
const changelog = readFileSync(at("CHANGELOG.md"), "utf8");
const [, changes = ""] = changelog.split(UNRELEASED);
if (!isLater(version, current)) fail(`${version} does not come after ${current}.`);
if (!changes.trimStart().startsWith("-")) fail('CHANGELOG.md has nothing under "## Unreleased".');
const { output: dirty } = await run("git", ["status", "--porcelain"]);
if (dirty !== "" && !isDry) fail(`These files are not committed:\n${dirty}`);

await must("npm test", node(["scripts/test.mjs"]));
await must("the exports and their types", node(["scripts/exports.mjs"], { env: { RUNLANE_TESTS: "all" } }));
if (!isDry) {
  await must(`version ${version}`, run("npm", ["version", version, "--no-git-tag-version"]));
  writeFileSync(at("CHANGELOG.md"), changelog.replace(UNRELEASED, `${UNRELEASED}\n## ${version}\n`));
}
await must("build", build());
const archive = await pack(".cache/release");
console.log(`packed ${archive}`);
const problems = await tryArchive(archive);
if (problems.length > 0) fail(`The archive is not good:\n${problems.join("\n")}`);
console.log("It works in an empty project.");
if (isDry) console.log("Nothing has been changed: this was a dry run.");
else {
  await must("commit", run("git", ["commit", "-qam", `Release ${version}`]));
  await must("tag", run("git", ["tag", `v${version}`]));
  console.log(`To publish it: npm publish ${archive} && git push --follow-tags`);
}
