// @ts-check
/**
 * Packs the package as npm would publish it, and has publint look at the archive, and "Are the types wrong?" with `npm run test:all` and
 * before a release: test/types/versions.test.ts compiles a program with what is published, whatever else is run.
 */
import { command, node } from "./lib.mjs";
import { pack } from "./tarball.mjs";

const archive = await pack(".cache/pack");
const findings = [await node([command("publint"), "run", archive, "--strict"])];
if (process.env.RUNLANE_TESTS === "all")
  findings.push(await node([command("@arethetypeswrong/cli", "attw"), archive, "--profile", "esm-only", "--no-color"]));
for (const { code, output } of findings) if (code !== 0) console.log(output);
process.exitCode = findings.some(({ code }) => code !== 0) ? 1 : 0;
