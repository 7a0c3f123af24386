// @ts-check
/** Tries a packed archive as its user would: in an empty project, with nothing but what npm installs for it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { at, command, node, readJson, run } from "./lib.mjs";

const FOLDER = ".cache/tarball";

/** What the project does: all lanes, and every entry that needs no other package. */
const PROGRAM = `
import { RunnableLambda } from "runlane";
import "runlane/context";
import "runlane/graph";
import { laneCases } from "runlane/testing";
import { handler } from "runlane/aws-lambda";

const square = RunnableLambda.from((x: number) => x * x);
for (const lane of ["loop", "thread", "process"] as const) {
  const outputs: number[] = await square.withLane(lane).batch([1, 2, 3]);
  if (outputs.join() !== "1,4,9") throw new Error(lane + " gave " + outputs);
}
if (typeof handler !== "function" || laneCases({ open: () => { throw new Error(); } }).length === 0) throw new Error("an entry is empty");
`;

const PIPELINE = `
import { RunnableLambda } from "runlane";
export default RunnableLambda.from((row) => row.n * 2);
`;

/** Packs the package as npm would publish it. Returns the path of the archive. */
export async function pack(/** @type {string} */ folder) {
  rmSync(at(folder), { recursive: true, force: true });
  mkdirSync(at(folder), { recursive: true });
  // Without its scripts: prepack would build, and the build has been made.
  const { code, output } = await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder]);
  if (code !== 0) throw new Error(output);
  return `${folder}/${output.trim().split("\n").at(-1)}`;
}

/**
 * Installs an archive in an empty project and uses it. Returns what is wrong with it.
 *
 * @param {string} archive
 * @returns {Promise<string[]>}
 */
export async function tryArchive(archive) {
  rmSync(at(FOLDER), { recursive: true, force: true });
  mkdirSync(at(FOLDER), { recursive: true });
  const write = (/** @type {string} */ name, /** @type {string} */ text) => writeFileSync(at(FOLDER, name), text);
  write("package.json", '{ "private": true, "type": "module" }');
  write("program.ts", PROGRAM);
  write("pipeline.js", PIPELINE);
  write("rows.jsonl", '{"n":1}\n{"n":2}\n');
  const lib = ["ES2022", "DOM", "ESNext.Disposable"];
  const options = { module: "NodeNext", target: "ES2022", lib, strict: true, types: [], outDir: "js" };
  write("tsconfig.json", JSON.stringify({ compilerOptions: options, include: ["program.ts"] }));
  const cwd = at(FOLDER);
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--omit=optional"];
  const installed = await run("npm", ["install", ...flags, at(archive)], { cwd });
  if (installed.code !== 0) return [`it cannot be installed:\n${installed.output}`];
  const root = "node_modules/runlane";
  const main = join(root, readJson(`${FOLDER}/${root}/package.json`).bin.runlane);
  const problems = brokenLinks(`${FOLDER}/${root}`);
  const steps = [
    { what: "its types", args: [command("typescript", "tsc"), "-p", "tsconfig.json"] },
    { what: "its entries and lanes", args: ["js/program.js"] },
    { what: "its command", args: [main, "batch", "pipeline.js", "-i", "rows.jsonl", "-o", "out.jsonl", "-q"] },
  ];
  for (const { what, args } of steps) {
    const { code, output } = await node(args, { cwd });
    if (code !== 0) problems.push(`${what} fail:\n${output}`);
  }
  return problems;
}

/** The relative links of its documents that lead to nothing in the archive. */
function brokenLinks(/** @type {string} */ root) {
  const documents = ["README.md", "ARCHITECTURE.md", ...readdirSync(at(root, "docs")).map((name) => `docs/${name}`)];
  return documents
    .filter((name) => name.endsWith(".md"))
    .flatMap((document) => {
      const links = readFileSync(at(root, document), "utf8").matchAll(/\]\((?!https?:|#)([^)#\s]+)/g);
      return [...links].flatMap(([, link = ""]) =>
        existsSync(at(root, dirname(document), link))
          ? []
          : [`${document} links to ${link}, which is not in the archive`],
      );
    });
}
