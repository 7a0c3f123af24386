// @ts-check
/** `npm start`: installs and builds what is missing, then runs the main example over the READMEs of the installed packages. */
import { mkdirSync } from "node:fs";
import { build } from "./build.mjs";
import { DOCS_INDEX } from "./examples.mjs";
import { at, fail, install, node } from "./lib.mjs";

await install();
const { code, output } = await build();
if (code !== 0) fail(output);
mkdirSync(at("out"), { recursive: true });
const args = ["batch", ...DOCS_INDEX, "--output", "out/docs-index.jsonl", "--overwrite", ...process.argv.slice(2)];
const run = await node(["dist/cli/main.js", ...args], { output: "inherit" });
process.exitCode = run.code;
