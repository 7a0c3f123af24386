import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { everything } from "../everything.ts";
import { fixture, parseRecords, records, run, start } from "./command.ts";
import { runHere } from "./run-here.ts";
import { scratchFolder } from "./scratch.ts";

/** Says where its steps run: in which process, and whether in its main thread. */
const WHERE = `import { isMainThread } from "node:worker_threads";
import { RunnableLambda } from "runlane";

const captured = "captured";
export default RunnableLambda.from(() => ({ captured, main: isMainThread, ppid: process.ppid }));
`;

const WITH_LANE = `import { RunnableLambda } from "runlane";

const inner = RunnableLambda.from(async () => {
  const { isMainThread, threadId } = await import("node:worker_threads");
  return { isMainThread, threadId, pid: process.pid };
}).withLane("thread");
export default RunnableLambda.from(async () => {
  const { threadId } = await import("node:worker_threads");
  return { threadId, pid: process.pid };
}).pipe({ outer: (outer) => outer, inner });
`;

/** A folder with pipelines in it that find the package that is being tested. */
function folder(files: Record<string, string>): string {
  const cwd = scratchFolder();
  const runlane = JSON.stringify(new URL("../../dist/index.js", import.meta.url).href);
  for (const [name, text] of Object.entries({ "in.jsonl": "1\n2\n3\n", ...files }))
    writeFileSync(join(cwd, name), text.replaceAll('"runlane"', runlane));
  return cwd;
}

async function outputs(cwd: string, pipeline: string, lane: string): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await run(["batch", pipeline, "-i", "in.jsonl", "-q", "--lane", lane], { cwd });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return parseRecords(stdout).map(({ output }) => output as Record<string, unknown>);
}

describe("--lane", () => {
  it.runIf(everything)("runs a pipeline with captured variables in worker threads", async () => {
    for (const output of await outputs(folder({ "where.mjs": WHERE }), "where.mjs", "thread"))
      expect(output).toMatchObject({ captured: "captured", main: false });
  });

  it("runs it in child processes", async () => {
    for (const output of await outputs(folder({ "where.mjs": WHERE }), "where.mjs", "process")) {
      expect(output).toMatchObject({ captured: "captured", main: true });
      expect(output.ppid).not.toBe(process.pid);
    }
  });

  it.runIf(everything)("keeps steps with a lane of their own on the loop when it says loop", async () => {
    for (const { outer, inner } of await outputs(folder({ "inner.mjs": WITH_LANE }), "inner.mjs", "loop"))
      expect(inner).toEqual({ isMainThread: true, ...(outer as object) });
  });

  it("moves the whole of it to threads under auto once it has turned out slow, and shows that", async () => {
    const cwd = folder({
      "slow.mjs": `const slow = (x) => {
  let sum = 0;
  for (let i = 0; i < 3e6; i++) sum += Math.sqrt(i);
  return x + (sum < 0 ? 1 : 0);
};
export default slow;
`,
      "in.jsonl": "1\n2\n3\n4\n5\n6\n7\n8\n",
    });
    const args = [
      "batch",
      "slow.mjs",
      "-i",
      "in.jsonl",
      "-o",
      "out.jsonl",
      "--lane",
      "auto",
      "--report",
      "report.json",
    ];
    const { code, stderr } = await run([...args, "-c", "1"], { cwd });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^1 +slow +thread +\d+ +8 +0 /m);
    expect(records(cwd, "out.jsonl").map(({ output }) => output)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const { steps, lanes } = JSON.parse(readFileSync(join(cwd, "report.json"), "utf8"));
    expect(steps).toMatchObject([{ name: "slow", lane: "thread", inputs: 8 }]);
    expect(lanes.map(({ name }: { name: string }) => name)).toEqual(["thread"]);
  });

  it.runIf(everything)("keeps the lanes of steps under auto", async () => {
    for (const { outer, inner } of await outputs(folder({ "inner.mjs": WITH_LANE }), "inner.mjs", "auto")) {
      expect(inner).toMatchObject({ isMainThread: false, pid: (outer as { pid: number }).pid });
    }
  });

  it.runIf(everything).each(["thread", "process"])("starts no workers inside of workers: %s", async (lane) => {
    for (const { outer, inner } of await outputs(folder({ "inner.mjs": WITH_LANE }), "inner.mjs", lane))
      expect(inner).toMatchObject(outer as object);
  });

  it.each(everything ? ["loop", "thread", "process", "auto"] : ["thread"])(
    "writes the same records on every lane: %s",
    async (lane) => {
      const cwd = folder({ "in.jsonl": '"a"\n"fail b"\n"c"\n' });
      const { code, stderr } = await run(
        ["batch", fixture("shout.mjs"), "-i", "in.jsonl", "-o", "out.jsonl", "-q", "--lane", lane],
        { cwd },
      );
      expect(stderr).toBe("");
      expect(code).toBe(1);
      expect(records(cwd, "out.jsonl")).toEqual([
        { index: 0, output: "A" },
        { index: 2, output: "C" },
      ]);
      expect(records(cwd, "out.errors.jsonl")).toMatchObject([
        {
          index: 1,
          step: "shout",
          source: "in.jsonl:2",
          input: "fail b",
          error: { name: "TypeError", code: "E_SHOUT", message: "cannot shout fail b" },
        },
      ]);
    },
  );

  it.runIf(everything)("runs TypeScript in workers", async () => {
    const cwd = folder({ "pipeline.ts": "const plus: number = 1;\nexport default (x: number): number => x + plus;\n" });
    expect(await outputs(cwd, "pipeline.ts", "thread")).toEqual([2, 3, 4]);
  });

  it.runIf(everything)("runs LangChain's runnables in workers", async () => {
    expect(await outputs(folder({}), fixture("langchain.mjs"), "process")).toEqual([
      { text: "1!" },
      { text: "2!" },
      { text: "3!" },
    ]);
  });

  it.each<[what: string, pipeline: string, message: RegExp]>(
    [
      [
        "a plain object",
        "export default { a: (x) => x };\n",
        /^runlane: cannot run pipeline\.mjs in worker threads: its default export must be a runnable or a function itself there; make a plain object one with RunnableParallel\.from\n$/,
      ],
      [
        "a module that wants the main thread",
        'import { isMainThread } from "node:worker_threads";\nif (!isMainThread) throw new TypeError("not here");\nexport default (x) => x;\n',
        /^runlane: cannot run pipeline\.mjs in worker threads: its module does not load there: TypeError: not here\n$/,
      ],
    ].slice(0, everything ? 2 : 1) as [string, string, RegExp][],
  )("ends with exit code 2 and one line when workers cannot load the pipeline: %s", async (_what, text, message) => {
    const cwd = folder({ "pipeline.mjs": text });
    const args = ["batch", "pipeline.mjs", "-i", "in.jsonl", "-o", "out.jsonl", "--lane", "thread"];
    const { code, stdout, stderr } = await run(args, { cwd });
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(() => readFileSync(join(cwd, "out.jsonl"))).toThrow("ENOENT");
  });

  it("finishes the inputs in flight after Ctrl-C, which reaches child processes too", async () => {
    const cwd = folder({
      "gate.mjs": `import { existsSync, writeFileSync } from "node:fs";
export default async (input) => {
  writeFileSync("started", String(process.pid));
  while (!existsSync("open")) await new Promise((resolve) => setTimeout(resolve, 10));
  return input;
};
`,
      "in.jsonl": "1\n",
    });
    const args = ["batch", "gate.mjs", "-i", "in.jsonl", "-o", "out.jsonl", "-q", "--lane", "process"];
    const running = start(args, { cwd, input: "" });
    const started = () => (existsSync(join(cwd, "started")) ? Number(readFileSync(join(cwd, "started"), "utf8")) : 0);
    const pid = await vi.waitUntil(started, { timeout: 50_000 });
    process.kill(pid, "SIGINT");
    running.process.kill("SIGINT");
    await running.says("finishing the 1 inputs in flight");
    writeFileSync(join(cwd, "open"), "");
    expect(await running.finished).toMatchObject({ code: 130 });
    expect(records(cwd, "out.jsonl")).toEqual([{ index: 0, output: 1 }]);
    expect(records(cwd, "out.errors.jsonl")).toEqual([]);
  });

  it("refuses lanes that it does not know, and names those that there are", async () => {
    const args = ["batch", fixture("shout.mjs"), "-i", "in.jsonl", "--lane", "moon"];
    const { code, stderr } = await runHere(args, { cwd: folder({}) });
    expect(stderr).toMatch(
      /^runlane: .*'moon' is invalid\. Allowed choices are loop, thread, process, auto, cluster\.\n$/,
    );
    expect(code).toBe(2);
  });
});
