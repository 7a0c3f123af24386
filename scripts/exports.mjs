// @ts-check
/** Packs the package as npm would publish it, and has publint and "Are the types wrong?" look at the archive. */
import { command, node } from "./lib.mjs";
import { pack } from "./tarball.mjs";

const archive = await pack(".cache/pack");
const findings = [
  await node([command("publint"), "run", archive, "--strict"]),
  await node([command("@arethetypeswrong/cli", "attw"), archive, "--profile", "esm-only", "--no-color"]),
];
for (const { code, output } of findings) if (code !== 0) console.log(output);
process.exitCode = findings.some(({ code }) => code !== 0) ? 1 : 0;
