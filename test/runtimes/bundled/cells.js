import { processes, RunnableLambda, threads } from "runlane";

const limit = 3;
const square = RunnableLambda.from((x) => x * x);
const above = RunnableLambda.from((x) => x > limit);

/** What is tried on each lane. */
const TRIED = {
  "a function": async (lane) => JSON.stringify(await square.withLane(lane).batch([2, 4])) === "[4,16]",
  "a captured variable is refused": async (lane) => {
    const code = await (async () => above.withLane(lane).invoke(4))().catch((error) => error.code);
    return code === "RUNLANE_CAPTURED_VARIABLE" || code;
  },
  fromModule: async (lane) => {
    const halve = RunnableLambda.fromModule(new URL("./halve.js", import.meta.url), "halve", { lane });
    return (await halve.invoke(4)) === 2;
  },
};

/** Says of each cell whether it works, or which error it gives. */
export async function cells() {
  const outcomes = {};
  for (const open of [threads, processes]) {
    const pool = open({ max: 1 });
    for (const [name, run] of Object.entries(TRIED)) {
      const outcome = await run(pool).catch((error) => error.code ?? `FAILED: ${error.stack}`);
      outcomes[`${open.name}(): ${name}`] = outcome === true ? "yes" : String(outcome);
    }
    await pool.close({ force: true });
  }
  return outcomes;
}
