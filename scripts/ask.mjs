// @ts-check
/** `npm run ask -- "how do I ..."`: answers from the index that `npm start` leaves, and makes it when there is none. */
import { existsSync } from "node:fs";
import { build } from "./build.mjs";
import { at, fail, install, node } from "./lib.mjs";

await install();
const { code, output } = await build();
if (code !== 0) fail(output);
if (!existsSync(at("out/docs-index.jsonl"))) await node(["scripts/start.mjs"], { output: "stderr" });
const args = ["--import", "tsx", "examples/docs-index/ask.ts", ...process.argv.slice(2)];
const run = await node(args, { output: "inherit" });
process.exitCode = run.code;
