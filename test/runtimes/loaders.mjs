// @ts-check
/** CommonJS programs, and tests of Jest as the documentation sets it up. */
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { at, run } from "../../scripts/lib.mjs";
import { emptyProject } from "../bundler/installed.mjs";
import { MODULES } from "./package-copy.mjs";
import { told } from "./runtimes.mjs";

/** @typedef {Record<string, string>} Cells */

const PAGE = readFileSync(at("docs/typescript.md"), "utf8");
/** A file of the documentation, by its name, which its first line says. @param {string} name */
function documented(name) {
  const [, code] = new RegExp(`\`\`\`js\\n// ${name}.*\\n([^]*?)\`\`\``).exec(PAGE) ?? [];
  if (code === undefined) throw new Error(`docs/typescript.md has no ${name}`);
  return code;
}

/** Runs the program, or the tests, in a project of their own. @param {(folder: string) => Promise<Cells>} use */
async function inProject(use) {
  const project = emptyProject({ "package.json": "{}" });
  try {
    cpSync(at("test/runtimes/commonjs"), project.folder, { recursive: true });
    // The transformer of the documentation needs it.
    symlinkSync(at("node_modules/esbuild"), join(project.folder, "node_modules/esbuild"), "junction");
    return await use(project.folder);
  } finally {
    project.remove();
  }
}

/** @param {string} test @param {string[]} [options] @returns {(folder: string) => Promise<Cells>} */
const jest =
  (test, options = []) =>
  async (folder) => {
    const report = join(folder, "report.json");
    const command = [...options, join(MODULES, "jest/bin/jest.js"), "--ci", "--rootDir", folder];
    const args = [
      "--cacheDirectory",
      join(folder, ".jest"),
      "--testMatch",
      `**/${test}`,
      "--json",
      "--outputFile",
      report,
    ];
    const { code, output } = await run(process.execPath, [...command, ...args], { cwd: folder });
    /** @type {{ title: string, status: string }[]} */
    const results = JSON.parse(readFileSync(report, "utf8")).testResults[0].assertionResults;
    if (code !== 0 || results.length === 0) throw new Error(output);
    return Object.fromEntries(results.map(({ title, status }) => [title, status === "passed" ? "yes" : "FAILED"]));
  };

const TS_NODE = ["--compilerOptions", '{"module":"commonjs","target":"es2022"}', "--transpileOnly"];

/** By the name of a row. @type {Record<string, () => Promise<Cells>>} */
export const LOADERS = {
  "ts-node": () =>
    inProject((folder) =>
      told(process.execPath, [join(MODULES, "ts-node/dist/bin.js"), ...TS_NODE, "program.ts"], folder),
    ),
  "Jest, with the transformer": () =>
    inProject((folder) => {
      for (const name of ["to-commonjs.cjs", "jest.config.js"]) writeFileSync(join(folder, name), documented(name));
      return jest("cases.test.cjs")(folder);
    }),
  "Jest, with --experimental-vm-modules": () => inProject(jest("cases.test.mjs", ["--experimental-vm-modules"])),
};
