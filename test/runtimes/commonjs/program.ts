import casesOf = require("./cases.cjs");
import runlane = require("runlane");

/** The package exists once, whichever way it is loaded. */
async function hasOneKernel() {
  const imported = await import("runlane");
  if (imported.RunnableLambda !== runlane.RunnableLambda) throw new Error("there are two kernels");
  return 42;
}

async function main() {
  const cells: Record<string, string> = {};
  const cases = { ...casesOf(runlane), "one kernel for require and import": hasOneKernel };
  for (const [name, run] of Object.entries<() => Promise<unknown>>(cases))
    cells[name] = (await run()) === 42 ? "yes" : "FAILED";
  console.log(JSON.stringify({ cells }));
}
main();
