// @ts-check
/** `npm run test:faults`: every cell of the fault table of the lanes. `npm test` runs a part of it. */
import { build } from "./build.mjs";
import { fail, install, tally, vitest } from "./lib.mjs";

await install();
const { code, output } = await build();
if (code !== 0) fail(output);
const { passed, failed } = await vitest(["test/lanes/faults.test.ts"], {
  env: { RUNLANE_FAULTS: "all" },
  output: "inherit",
});
console.log(tally(passed, failed));
process.exitCode = failed > 0 ? 1 : 0;
