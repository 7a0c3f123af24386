// @ts-check
/** Packs the package as npm would publish it, and has publint and "Are the types wrong?" look at the archive. */
import { mkdirSync, rmSync } from "node:fs";
import { at, command, fail, node, run } from "./lib.mjs";

const FOLDER = ".cache/pack";

rmSync(at(FOLDER), { recursive: true, force: true });
mkdirSync(at(FOLDER), { recursive: true });
// Without its scripts: prepack would build, and the build has been made.
const packed = await run("npm", ["pack", "--ignore-scripts", "--pack-destination", FOLDER]);
if (packed.code !== 0) fail(packed.output);
const archive = `${FOLDER}/${packed.output.trim().split("\n").at(-1)}`;
const findings = [
  await node([command("publint"), "run", archive, "--strict"]),
  await node([command("@arethetypeswrong/cli", "attw"), archive, "--profile", "esm-only", "--no-color"]),
];
for (const { code, output } of findings) if (code !== 0) console.log(output);
process.exitCode = findings.some(({ code }) => code !== 0) ? 1 : 0;
