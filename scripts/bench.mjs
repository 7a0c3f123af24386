// @ts-check
/** `npm run bench -- [suite] [--quick] [--json] [--compare <file>]`. Standard output is left to the benchmarks. */
import { build } from "./build.mjs";
import { fail, install, node } from "./lib.mjs";

await install();
const { code, output } = await build();
if (code !== 0) fail(output);
const args = ["--expose-gc", "--import", "tsx", "bench/main.ts", ...process.argv.slice(2)];
const run = await node(args, { output: "inherit" });
process.exitCode = run.code;
