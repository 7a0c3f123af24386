import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { everything } from "../everything.ts";
import { records, run, start } from "./command.ts";
import { scratchFolder } from "./scratch.ts";

const PIPELINE = `import { RunnableLambda, resource } from "runlane";

const slow = resource("slow", ({ uses }) => {
  for (const end = Date.now() + uses.ms; Date.now() < end; );
  return 10;
}, { uses: { ms: 30 } });
const never = resource("never used", () => 0);
const times = RunnableLambda.from((x, { uses }) => x * uses.slow, { name: "times", uses: { slow }, lane: "thread" });
const plus = RunnableLambda.from((x, { uses }) => (x > 1e6 ? uses.never : x + uses.slow), { name: "plus", uses: { slow, never } });
export default times.pipe(plus);
`;

/** A folder with a pipeline in it that finds the package that is being tested. */
function folder(pipeline: string): string {
  const cwd = scratchFolder();
  const runlane = JSON.stringify(new URL("../../dist/index.js", import.meta.url).href);
  writeFileSync(join(cwd, "pipeline.mjs"), pipeline.replaceAll('"runlane"', runlane));
  writeFileSync(join(cwd, "in.jsonl"), "1\n2\n3\n");
  return cwd;
}

const ARGS = ["batch", "pipeline.mjs", "-i", "in.jsonl", "-o", "out.jsonl", "--report", "report.json"];
const OUTPUTS = [20, 30, 40].map((output, index) => ({ index, output }));
const reportIn = (cwd: string) => JSON.parse(readFileSync(join(cwd, "report.json"), "utf8"));

describe("the resources of a run", () => {
  it("stand below the steps, with their loads in each place, and in the report", async () => {
    const cwd = folder(PIPELINE);
    const { code, stderr } = await run(ARGS, { cwd });
    expect(code).toBe(0);
    expect(records(cwd, "out.jsonl")).toEqual(OUTPUTS);
    expect(stderr).toMatch(/^resource +where +loads +load time +memory +per worker$/m);
    expect(stderr).toMatch(/^slow +loop +1 +\d+(\.\d+)? ms +\d+ MB +\d+ MB$/m);
    expect(stderr).toMatch(/^slow +thread +[1-9] +\d+(\.\d+)? ms +\d+ MB +\d+ MB$/m);
    const { resources, warmMs } = reportIn(cwd);
    expect(warmMs).toBeNull();
    expect(resources).toMatchObject([
      { name: "slow", where: "loop", loads: 1, error: null },
      { name: "never used", where: "loop", loads: 1 },
      { name: "slow", where: "thread" },
    ]);
    expect(resources[0].loadMs).toBeGreaterThanOrEqual(29);
  });

  it.runIf(everything)("are none where the pipeline has none", async () => {
    const cwd = folder("export default (x) => x;\n");
    const { stderr } = await run(ARGS, { cwd });
    expect(stderr).not.toContain("resource");
    expect(reportIn(cwd).resources).toEqual([]);
  });
});

describe("--warm", () => {
  it("loads all that the pipeline uses before the first input, on every worker", async () => {
    const cwd = folder(PIPELINE);
    const { code, stderr } = await run([...ARGS, "--warm"], { cwd });
    expect(code).toBe(0);
    expect(records(cwd, "out.jsonl")).toEqual(OUTPUTS);
    expect(stderr).toMatch(/^everything was loaded before the first input, in \d/m);
    const { resources, warmMs, lanes } = reportIn(cwd);
    expect(warmMs).toBeGreaterThanOrEqual(29);
    const { workers } = lanes[0].samples.at(-1);
    expect(resources.find(({ where }: { where: string }) => where === "thread").loads).toBe(workers);
  });

  it.runIf(everything)("says nothing with --quiet, nor does Node about many threads", async () => {
    const cwd = folder(`import { RunnableLambda, resource, threads } from "runlane";
const lane = threads({ min: 12, max: 12 });
const uses = { model: resource("model", () => 1) };
export default RunnableLambda.from((x) => x, { lane, uses });
`);
    const { code, stderr } = await run([...ARGS.slice(0, 4), "--warm", "--quiet"], { cwd });
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("ends with exit code 2 and one line, and touches no file, when something cannot be loaded", async () => {
    const cwd = folder(`import { RunnableLambda, resource } from "runlane";
const broken = resource("broken", () => { throw new Error("no model here"); });
export default RunnableLambda.from((x) => x, { uses: { broken } });
`);
    const { code, stderr } = await run([...ARGS, "--warm"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^runlane: --warm: .*"broken".*no model here[^\n]*\n$/);
    expect(existsSync(join(cwd, "out.jsonl"))).toBe(false);
  });

  it("ends at once after Ctrl-C, and touches no file", async () => {
    const cwd = folder(`import { RunnableLambda, resource } from "runlane";
const endless = resource("endless", () => {
  process.stderr.write("loading begins\\n");
  return new Promise((resolve) => setTimeout(resolve, 1e6));
}, { timeoutMs: Infinity });
export default RunnableLambda.from((x) => x, { uses: { endless } });
`);
    const running = start([...ARGS, "--warm"], { cwd, input: "" });
    await running.says("loading begins");
    running.process.kill("SIGINT");
    expect(await running.finished).toMatchObject({ code: 130, stderr: "loading begins\n" });
    expect(existsSync(join(cwd, "out.jsonl"))).toBe(false);
  });
});
