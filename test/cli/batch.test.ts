import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fixture, parseRecords, records, run } from "./command.ts";
import { runHere } from "./run-here.ts";
import { scratchFolder } from "./scratch.ts";

const SHOUT = fixture("shout.mjs");

describe("runlane batch", () => {
  it("writes one record per input, in order, and ends with the table and the totals", async () => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "in.jsonl"), '{"text":"ä"}\n\n"b"\n{"text":"c"}\n');
    const { code, stdout, stderr } = await run(["batch", SHOUT, "--input", "in.jsonl", "--output", "out.jsonl"], {
      cwd,
    });
    expect(code).toBe(0);
    expect(stdout).toBe("");
    expect(readFileSync(join(cwd, "out.jsonl"), "utf8")).toBe(
      '{"index":0,"output":"Ä"}\n{"index":1,"output":"B"}\n{"index":2,"output":"C"}\n',
    );
    expect(stderr).toMatch(/shout.*loop.*3/);
    expect(stderr).toMatch(
      /3 inputs in .*\/s\), 0 failed, loop busy \d+ %, loop delay p99 .*, peak memory \d+ MB\n(?:the loop was held by .*\n)?records: out\.jsonl\n(?:first guess, .*\n.*\n)?$/,
    );
    expect(readdirSync(cwd).sort()).toEqual([".out.jsonl.run", "in.jsonl", "out.jsonl"]);
  });

  it.each([
    ["in.csv", "text,n\r\nä,1\r\nb,2\r\n", ["Ä", "B"]],
    ["in.txt", "ä\r\n\nb", ["Ä", "", "B"]],
    ["in.log", "x", ["X"]],
  ])("reads %s by its extension", async (name, text, outputs) => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, name), text);
    const { code, stdout } = await runHere(["batch", SHOUT, "-i", name, "--quiet"], { cwd });
    expect(code).toBe(0);
    expect(parseRecords(stdout).map(({ output }) => output)).toEqual(outputs);
  });

  it("reads standard input as JSONL, or as --format says", async () => {
    const cwd = scratchFolder();
    const asJson = await run(["batch", SHOUT, "-i", "-", "-q"], { cwd, input: '"a"\n"b"' });
    expect(parseRecords(asJson.stdout).map(({ output }) => output)).toEqual(["A", "B"]);
    const asText = await runHere(["batch", SHOUT, "-i", "-", "-q", "--format", "txt"], { cwd, input: '"a"\n' });
    expect(parseRecords(asText.stdout).map(({ output }) => output)).toEqual(['"A"']);
    const asCsv = await runHere(["batch", SHOUT, "-i", "-", "-q", "--format", "csv"], { cwd, input: "text\nx\n" });
    expect(parseRecords(asCsv.stdout).map(({ output }) => output)).toEqual(["X"]);
  });

  it("makes every file that matches an input: its path", async () => {
    const cwd = scratchFolder();
    mkdirSync(join(cwd, "docs", "deep"), { recursive: true });
    for (const name of ["docs/b.md", "docs/deep/a.md", "docs/c.txt"]) writeFileSync(join(cwd, name), "");
    const { code, stdout } = await runHere(["batch", SHOUT, "--files", "docs/**/*.md", "docs/*.txt", "-q"], { cwd });
    expect(code).toBe(0);
    expect(parseRecords(stdout).map(({ output }) => output)).toEqual(["DOCS/B.MD", "DOCS/C.TXT", "DOCS/DEEP/A.MD"]);
  });

  it("puts failed inputs into the errors file beside the output, goes on, and exits with 1", async () => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "in.jsonl"), '"a"\n{"text":"fail"}\n{"text":\n"d"\n');
    const { code, stderr } = await runHere(["batch", SHOUT, "-i", "in.jsonl", "-o", "out.jsonl"], { cwd });
    expect(code).toBe(1);
    expect(records(cwd, "out.jsonl").map(({ index }) => index)).toEqual([0, 3]);
    const [failed, bad, ...more] = records(cwd, "out.errors.jsonl");
    expect(more).toEqual([]);
    expect(failed).toEqual({
      index: 1,
      step: "shout",
      error: {
        name: "TypeError",
        message: "cannot shout fail",
        code: "E_SHOUT",
        stack: expect.stringContaining("shout.mjs"),
      },
      source: "in.jsonl:2",
      input: { text: "fail" },
    });
    expect(bad).toMatchObject({ index: 2, step: "input", source: "in.jsonl:3", input: '{"text":' });
    expect(bad?.error?.message).toMatch(/^in\.jsonl:3: not a JSON value/);
    expect(stderr).toMatch(/4 inputs in .*, 2 failed,/);
    expect(stderr).toContain("failed inputs: out.errors.jsonl");
  });

  it("puts failed inputs where --errors says", async () => {
    const cwd = scratchFolder();
    const args = ["batch", SHOUT, "-i", "-", "--format", "txt", "-o", "out.jsonl", "--errors", "bad/errors.jsonl"];
    expect((await runHere(args, { cwd, input: "fail\n" })).code).toBe(1);
    expect(records(cwd, "bad/errors.jsonl")).toHaveLength(1);
    expect(existsSync(join(cwd, "out.errors.jsonl"))).toBe(false);
  });

  it("prints one line per failed input when the records go to standard output", async () => {
    const cwd = scratchFolder();
    const { code, stdout, stderr } = await runHere(["batch", SHOUT, "-i", "-", "-q"], {
      cwd,
      input: '"a"\n"fail"\nbad\n',
    });
    expect(code).toBe(1);
    expect(parseRecords(stdout)).toEqual([{ index: 0, output: "A" }]);
    const [first, second, ...rest] = stderr.split("\n");
    expect(first).toBe("runlane: input 1 (stdin:2) failed in the step shout: TypeError: cannot shout fail");
    expect(second).toMatch(/^runlane: input 2 \(stdin:3\) failed in the step input: stdin:3: not a JSON value/);
    expect(rest).toEqual([""]);
  });

  it("counts an output that cannot be JSON as a failure, and writes undefined as null", async () => {
    const cwd = scratchFolder();
    const kinds = ["nothing", "bigint", "ring", "function", "null", "text"];
    const args = ["batch", fixture("outputs.mjs"), "-i", "-", "--format", "txt", "-o", "out.jsonl"];
    expect((await runHere(args, { cwd, input: kinds.join("\n") })).code).toBe(1);
    expect(records(cwd, "out.jsonl")).toEqual([
      { index: 0, output: null },
      { index: 4, output: null },
      { index: 5, output: "a\u2028b\ud800" },
    ]);
    const failed = records(cwd, "out.errors.jsonl");
    expect(failed.map(({ index, step, input }) => ({ index, step, input }))).toEqual([
      { index: 1, step: "output", input: "bigint" },
      { index: 2, step: "output", input: "ring" },
      { index: 3, step: "output", input: "function" },
    ]);
  });

  it("names the step that failed, and has a row for each step", async () => {
    const cwd = scratchFolder();
    const args = ["batch", fixture("chain.mjs"), "-i", "-", "--format", "txt", "-o", "out.jsonl"];
    const { stderr } = await runHere(args, { cwd, input: "1 2\n3 x\n5\n" });
    expect(records(cwd, "out.jsonl").map(({ output }) => output)).toEqual([3, 5]);
    expect(records(cwd, "out.errors.jsonl")).toMatchObject([
      { index: 1, step: "check", error: { name: "RangeError" } },
    ]);
    const rows = stderr.split("\n").filter((line) => line.includes("loop "));
    expect(rows[0]).toMatch(/parse.*3.*0/);
    expect(rows[1]).toMatch(/check.*3.*1/);
    expect(rows[2]).toMatch(/RunnableLambda.*2.*0/);
  });

  it("runs a LangChain runnable", async () => {
    const { code, stdout } = await runHere(["batch", fixture("langchain.mjs"), "-i", "-", "-q"], {
      cwd: scratchFolder(),
      input: '"hi"\n',
    });
    expect(code).toBe(0);
    expect(parseRecords(stdout)).toEqual([{ index: 0, output: { text: "hi!" } }]);
  });

  it("has no more inputs in flight than --concurrency says", async () => {
    const cwd = scratchFolder();
    const input = "x\n".repeat(40);
    for (const concurrency of [1, 3]) {
      const args = ["batch", fixture("overlap.mjs"), "-i", "-", "--format", "txt", "-q", "-c", String(concurrency)];
      const { stdout } = await runHere(args, { cwd, input });
      expect(Math.max(...parseRecords(stdout).map(({ output }) => output as number))).toBe(concurrency);
    }
  });

  it("runs the first inputs only with --limit, and the rest when it is resumed", async () => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "in.txt"), "a\nb\nfail\nd\ne\n");
    const args = ["batch", SHOUT, "-i", "in.txt", "-o", "out.jsonl"];
    expect((await runHere([...args, "--limit", "2"], { cwd })).code).toBe(0);
    expect(records(cwd, "out.jsonl")).toHaveLength(2);
    expect((await runHere([...args, "--limit", "4", "--resume"], { cwd })).code).toBe(1);
    expect(records(cwd, "out.jsonl").map(({ index }) => index)).toEqual([0, 1, 3]);
    const last = await runHere([...args, "--resume"], { cwd });
    expect(last.code, "an input of an earlier run has failed").toBe(1);
    expect(last.stderr).toContain("continued at input 4");
    expect(records(cwd, "out.jsonl").map(({ output }) => output)).toEqual(["A", "B", "D", "E"]);
    expect(records(cwd, "out.errors.jsonl").map(({ index }) => index)).toEqual([2]);
  });

  it("replaces what is there with --overwrite, an old errors file included", async () => {
    const cwd = scratchFolder();
    const args = ["batch", SHOUT, "-i", "-", "-o", "out.jsonl", "-q"];
    expect((await runHere(args, { cwd, input: '"fail"\n"b"' })).code).toBe(1);
    expect((await runHere(args, { cwd, input: '"c"' })).code).toBe(2);
    expect((await runHere([...args, "--overwrite"], { cwd, input: '"d"' })).code).toBe(0);
    expect(records(cwd, "out.jsonl")).toEqual([{ index: 0, output: "D" }]);
    expect(readdirSync(cwd)).toEqual([".out.jsonl.run", "out.jsonl"]);
  });

  it("writes what it measured to the report", async () => {
    const cwd = scratchFolder();
    const args = ["batch", SHOUT, "-i", "-", "-o", "out.jsonl", "--report", "reports/run.json", "--quiet"];
    mkdirSync(join(cwd, "reports"));
    const { code, stderr } = await runHere(args, { cwd, input: '"a"\n"fail"\n' });
    expect(code).toBe(1);
    expect(stderr).toBe("");
    const number = expect.any(Number);
    expect(JSON.parse(readFileSync(join(cwd, "reports/run.json"), "utf8"))).toEqual({
      pipeline: SHOUT,
      input: "stdin",
      output: "out.jsonl",
      errors: "out.errors.jsonl",
      warmMs: null,
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      durationMs: number,
      end: "finished",
      exitCode: 1,
      firstIndex: 0,
      inputs: 2,
      failed: 1,
      failedEarlier: false,
      inputsPerSecond: number,
      loopBusy: number,
      loopDelayP50Ms: number,
      loopDelayP90Ms: number,
      loopDelayP99Ms: number,
      loopDelayMaxMs: number,
      peakMemoryBytes: number,
      lanes: [],
      resources: [],
      stages: [
        { lane: "loop", fused: false, steps: [expect.objectContaining({ name: "shout", why: expect.any(String) })] },
      ],
      warnings: [],
      page: expect.objectContaining({ format: 1, phase: "over", end: "finished" }),
      // On a machine that is busy enough, anything takes ten milliseconds.
      holders: expect.any(Array),
      steps: [
        {
          ...{ name: "shout", lane: "loop", inputs: 2, failed: 1, p50Ms: number, p99Ms: number, totalMs: number },
          histogram: expect.any(Array),
        },
      ],
    });
  });

  it("tells in the report how many inputs took how long, and how full lanes were", async () => {
    const cwd = scratchFolder();
    const args = ["batch", SHOUT, "-i", "-", "-o", "out.jsonl", "--report", "run.json", "--quiet", "--lane", "thread"];
    expect((await run(args, { cwd, input: '"a"\n'.repeat(50) })).code).toBe(0);
    const text = readFileSync(join(cwd, "run.json"), "utf8");
    const { steps, lanes, durationMs } = JSON.parse(text);
    const [{ histogram }] = steps;
    expect(histogram.reduce((sum: number, [, , count]: number[]) => sum + count!, 0)).toBe(50);
    for (const [from, to] of histogram) expect(from).toBeLessThan(to);
    expect(lanes).toHaveLength(1);
    expect(lanes[0].name).toBe("thread");
    const last = lanes[0].samples.at(-1);
    expect(last).toMatchObject({ busy: 0, queued: 0 });
    expect(last.workers).toBeGreaterThan(0);
    expect(last.atMs).toBeLessThanOrEqual(durationMs);
    // Lists of numbers stand on one line each.
    expect(text).toMatch(/^ +\[[\d.e-]+, [\d.e-]+, \d+\],?$/m);
    expect(text).toMatch(/^ +\{ "atMs": [\d.]+, "workers": \d+, "busy": \d+, "queued": \d+ \},?$/m);
  });

  it("has nothing to do for an empty input, and says so", async () => {
    const cwd = scratchFolder();
    const { code, stderr } = await runHere(["batch", SHOUT, "-i", "-", "-o", "out.jsonl"], { cwd });
    expect(code).toBe(0);
    expect(stderr).toContain("0 inputs");
    expect(readFileSync(join(cwd, "out.jsonl"), "utf8")).toBe("");
  });
});
