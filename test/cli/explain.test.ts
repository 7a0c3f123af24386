import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { everything } from "../everything.ts";
import { run } from "./command.ts";
import { runHere } from "./run-here.ts";
import { scratchFolder } from "./scratch.ts";

const PIPELINE = `import { RunnableLambda } from "runlane";

const factor = 3;
const times = RunnableLambda.from((x) => x * factor, { name: "times" });
const inThread = (func, name) => RunnableLambda.from(func, { name, lane: "thread" });
const a = inThread((x) => { if (x === 6) throw new Error("six"); return x + 1; }, "a");
const b = inThread((x) => x * 2, "b");
export default times.pipe(a).pipe(b);
export const named = RunnableLambda.from(async (x) => x, { name: "named" });
`;

/** A folder with a pipeline in it that finds the package that is being tested. */
function folder(files: Record<string, string> = {}): string {
  const cwd = scratchFolder();
  const runlane = JSON.stringify(new URL("../../dist/index.js", import.meta.url).href);
  for (const [name, text] of Object.entries({ "pipeline.mjs": PIPELINE, "in.jsonl": "1\n2\n3\n4\n", ...files }))
    writeFileSync(join(cwd, name), text.replaceAll('"runlane"', runlane));
  return cwd;
}

interface Step {
  name: string;
  lane: string;
  why: string;
  figures?: { inputs: number; failed: number; share: number };
}

async function explained(cwd: string, ...args: string[]) {
  const { code, stdout, stderr } = await run(["explain", "pipeline.mjs", "--json", ...args], { cwd });
  expect(code).toBe(0);
  const plan = JSON.parse(stdout) as { stages: { lane: string; fused: boolean; steps: Step[] }[]; wallMs?: number };
  const steps = plan.stages.flatMap((stage) => stage.steps);
  return { plan, steps, stderr, counts: steps.map(({ name, figures }) => [name, figures?.inputs, figures?.failed]) };
}

describe("runlane explain", () => {
  it("prints the plan of a pipeline as a table, within 100 columns, without running it", async () => {
    const { code, stdout, stderr } = await run(["explain", "pipeline.mjs"], { cwd: folder() });
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[1]).toMatch(/^stage +step +lane +chunk +why$/);
    expect(stdout).toMatch(/^1 +times +loop +auto: it has not run yet; could not move: it uses factor/m);
    expect(stdout).toMatch(/pipeline\.mjs:4\)/);
    expect(stdout).toMatch(/^2 fused +a +thread +1 +withLane\("thread"\); one hop for several steps$/m);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
    expect(lines[1]).not.toContain("inputs");
  });

  it("runs inputs and prints what each step took", async () => {
    const { code, stdout } = await run(["explain", "pipeline.mjs", "-i", "in.jsonl"], { cwd: folder() });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^stage +step +lane +chunk +inputs +failed +p50 +p99 +share/m);
    expect(stdout).toMatch(/^1 +times +loop +4 +0 /m);
    expect(stdout).toMatch(/^2 fused +a +thread +\d+ +4 +1 /m);
    expect(stdout).toMatch(/^stage 2 \(thread\): .* in the queue each, workers busy for /m);
  });

  it.runIf(everything)("gives the same as JSON", async () => {
    const cwd = folder();
    const { plan, steps } = await explained(cwd);
    expect(plan.stages.map(({ lane, fused }) => [lane, fused])).toEqual([
      ["loop", false],
      ["thread", true],
    ]);
    expect(steps.map(({ name }) => name)).toEqual(["times", "a", "b"]);
    expect(plan).not.toHaveProperty("wallMs");
    const analyzed = await explained(cwd, "--input", "in.jsonl", "--limit", "3");
    expect(analyzed.counts).toEqual([
      ["times", 3, 0],
      ["a", 3, 1],
      ["b", 2, 0],
    ]);
    expect(analyzed.plan.wallMs).toBeGreaterThan(0);
  });

  it.runIf(everything)("reads inputs as batch does, and passes over lines that are none", async () => {
    const cwd = folder({ "in.jsonl": "1\n{nope\n3\n" });
    const { counts, stderr } = await explained(cwd, "-i", "in.jsonl");
    expect(counts[0]).toEqual(["times", 2, 0]);
    expect(stderr).toMatch(/^runlane: in\.jsonl:2: .*\n$/);
  });

  it.runIf(everything).each([
    ["loop", ["loop", "loop", "loop"]],
    ["auto", ["loop", "thread", "thread"]],
  ])("shows the pipeline on another lane: %s", async (lane, lanes) => {
    const { steps, counts } = await explained(folder(), "-i", "in.jsonl", "--lane", lane);
    expect(steps.map((step) => step.lane)).toEqual(lanes);
    expect(counts).toEqual([
      ["times", 4, 0],
      ["a", 4, 1],
      ["b", 3, 0],
    ]);
  });

  it.runIf(everything).each(["thread", "process"])(
    "shows it in workers, which import it themselves: %s",
    async (lane) => {
      const { steps, counts } = await explained(folder(), "-i", "in.jsonl", "--lane", lane);
      expect(steps.every((step) => step.lane === lane)).toBe(true);
      expect(counts.slice(1)).toEqual([
        ["times", 4, 0],
        ["a", 4, 1],
        ["b", 3, 0],
      ]);
    },
  );

  it.runIf(everything)("explains another export, in workers too", async () => {
    const cwd = folder();
    expect((await explained(cwd, "--export", "named")).steps).toMatchObject([
      { name: "named", why: "auto: it is async" },
    ]);
    const moved = await explained(cwd, "--export", "named", "--lane", "thread", "-i", "in.jsonl");
    expect(moved.counts).toEqual([["named", 4, 0]]);
  });

  it.each<[string, string[], RegExp]>([
    ["a pipeline that is not there", ["nowhere.mjs"], /there is no pipeline module nowhere\.mjs/],
    ["an export that is not there", ["pipeline.mjs", "--export", "x"], /as its export x, but it has none/],
    ["an input that is not there", ["pipeline.mjs", "-i", "nowhere.jsonl"], /nowhere\.jsonl/],
    ["a lane that is not there", ["pipeline.mjs", "--lane", "moon"], /'moon' is invalid/],
    ["a limit that is none", ["pipeline.mjs", "--limit", "0"], /whole number from 1 up/],
  ])("refuses %s in one line, with exit code 2", async (_, args, message) => {
    const { code, stdout, stderr } = await runHere(["explain", ...args], { cwd: folder() });
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^runlane: [^\n]+\n$/);
  });
});
