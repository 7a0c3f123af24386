import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBroker } from "../../src/cluster/open-broker.ts";
import { parseRecords, records, run, start } from "../cli/command.ts";
import { scratchFolder } from "../cli/scratch.ts";
import { everything } from "../everything.ts";
import { EMBEDDED } from "./servers.ts";
import { ownProgram, sharedWorker, startWorker, stopWorker, until } from "./support.ts";

const shared = sharedWorker();

/** The patience for a gigabyte of results, in milliseconds. */
const MANY_MS = 300_000;

/** A folder with an input. */
function project(lines: readonly string[]): string {
  const cwd = scratchFolder();
  writeFileSync(join(cwd, "in.txt"), lines.map((line) => `${line}\n`).join(""));
  return cwd;
}

const batch = (file: string, ...more: readonly string[]): string[] => [
  "batch",
  file,
  "--input",
  "in.txt",
  "--output",
  "out.jsonl",
  "--lane",
  "cluster",
  "--broker",
  EMBEDDED,
  ...more,
];

const lines = (count: number, text: (at: number) => string): string[] =>
  Array.from({ length: count }, (_, at) => text(at));
const range = (count: number): number[] => [...lines(count, () => "").keys()];
/** A text as it was before its lines were broken. */
const flat = (text: string): string => text.replace(/\s+/g, " ");
const indices = (cwd: string): number[] => records(cwd, "out.jsonl").map(({ index }) => index);

test(
  "a batch on a cluster leaves the records that one machine leaves: failures, large ones, and poison at both ends",
  async () => {
    const large = everything ? 1000 : 10;
    const middle = [...lines(200, (at) => "w ".repeat(at % 7)), ...lines(large, () => "large 1000000")];
    const cwd = project(["exit", ...middle, "throw", "the end", "exit"]);
    const last = 200 + large;
    const { code, stderr } = await run(batch(shared.program), { cwd });
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${(last + 4).toLocaleString("en-US")} inputs in`)]);
    expect(flat(stderr)).toMatch(/workers: .+ \(process \d+ [\d,]+ inputs\)/);
    const found = records(cwd, "out.jsonl");
    expect(found.map(({ index }) => index)).toEqual([...range(last + 1).slice(1), last + 2]);
    expect(found[6]).toEqual({ index: 7, output: 7 });
    expect(found.filter(({ output }) => (output as string).length === 1_000_000)).toHaveLength(large);
    expect(records(cwd, "out.errors.jsonl")).toMatchObject([
      { index: 0, error: { code: "RUNLANE_WORKER_CRASHED" } },
      {
        index: last + 1,
        step: "words",
        error: { name: "RangeError", message: "not this one" },
        source: `in.txt:${last + 2}`,
        input: "throw",
      },
      { index: last + 3, error: { code: "RUNLANE_WORKER_CRASHED" } },
    ]);
  },
  MANY_MS,
);

test("a producer that was killed goes on where its records end, with what was done meanwhile", async () => {
  const cwd = project(lines(200, (at) => (at % 4 === 0 ? "wait 100" : `a b ${at}`)));
  const first = start(batch(shared.program), { cwd });
  await until(() => records(cwd, "out.jsonl").length > 0 || undefined);
  first.process.kill("SIGKILL");
  await first.finished;
  // A torn line, as a full disk leaves one.
  appendFileSync(join(cwd, "out.jsonl"), '{"ind');
  const { code } = await run(batch(shared.program, "--resume"), { cwd });
  expect(code).toBe(0);
  expect(parseRecords(readFileSync(join(cwd, "out.jsonl"), "utf8")).map(({ index }) => index)).toEqual(range(200));
});

test.runIf(everything)(
  "lines that cannot be read have their records, and a run that is done has nothing to resume",
  async () => {
    const cwd = project([]);
    writeFileSync(join(cwd, "in.jsonl"), '{"a":\n"x y"\n}\n');
    const args = batch(shared.program, "--input", "in.jsonl").toSpliced(2, 2);
    expect((await run(args, { cwd })).code).toBe(1);
    expect(records(cwd, "out.jsonl")).toEqual([{ index: 1, output: 2 }]);
    expect(records(cwd, "out.errors.jsonl")).toMatchObject([{ index: 0 }, { index: 2 }]);
    expect((await run([...args, "--resume"], { cwd })).code).toBe(1);
    expect(records(cwd, "out.jsonl")).toEqual([{ index: 1, output: 2 }]);
  },
);

test("inputs stay where they are and are read by workers: lines, files, and what has changed or lies elsewhere", async () => {
  const cwd = project([]);
  writeFileSync(join(cwd, "in.csv"), 'text,more\n"a b\nc d",1\nnone,2\n\n"x, y",3\n');
  const byReference = (...input: string[]) => batch(shared.program, "--by-reference", ...input).toSpliced(2, 2);
  writeFileSync(join(cwd, "in.jsonl"), '"a b"\n\n{"a":\n"a b c"');
  expect((await run(byReference("--input", "in.jsonl"), { cwd })).code).toBe(1);
  expect(records(cwd, "out.jsonl")).toEqual([
    { index: 0, output: 2 },
    { index: 2, output: 3 },
  ]);
  if (!everything) return;
  const csv = [...byReference("--input", "in.csv"), "--overwrite"];
  expect((await run(csv, { cwd })).code).toBe(1);
  // The pipeline takes no objects, and what it says of them is what it says at home.
  expect(records(cwd, "out.errors.jsonl")).toMatchObject([
    { source: "in.csv:2", input: { text: "a b\nc d", more: "1" }, error: { name: "TypeError" } },
    { source: "in.csv:4", input: { text: "none", more: "2" } },
    { source: "in.csv:6", input: { text: "x, y", more: "3" } },
  ]);
  const files = [...byReference("--files", "in.*", process.execPath), "--overwrite"];
  expect((await run(files, { cwd })).code).toBe(1);
  expect(records(cwd, "out.jsonl").map(({ index }) => index)).toEqual([1, 2, 3]);
  expect(records(cwd, "out.errors.jsonl")).toMatchObject([
    { index: 0, error: { code: "RUNLANE_REFERENCE", message: expect.stringContaining("there is no such file in") } },
  ]);
});

test("what is stuck is run a second time elsewhere, if that is asked for", async () => {
  const cwd = scratchFolder();
  writeFileSync(join(cwd, "in.txt"), ["a b", ...lines(20, () => "a"), `stuck ${join(cwd, "stuck")}`, ""].join("\n"));
  const { code, stderr } = await run(batch(shared.program, "--speculate"), { cwd });
  expect([code, flat(stderr)]).toEqual([0, expect.stringContaining("took long, and were sent to a second worker")]);
  expect(indices(cwd)).toEqual(range(22));
});

test.runIf(everything)("what a killed worker had in hand runs elsewhere", async () => {
  const cwd = project(lines(60, () => "wait 100"));
  const file = ownProgram(cwd);
  const [one] = await Promise.all([startWorker(file), startWorker(file)]);
  const producer = start(batch(file), { cwd });
  await until(() => records(cwd, "out.jsonl").length > 0 || undefined);
  one!.process.kill("SIGKILL");
  expect((await producer.finished).code).toBe(0);
  expect(indices(cwd)).toEqual(range(60));
});

test("a broker that cannot be used is told of in one line, before anything is written", async () => {
  const cwd = project(["a"]);
  const args = batch(shared.program).map((arg) => (arg === EMBEDDED ? "postgres://127.0.0.1:1/x" : arg));
  const { code, stderr } = await run(args, { cwd });
  expect([code, stderr.split("\n").length - 1, stderr]).toEqual([
    2,
    1,
    expect.stringContaining("nothing listens there"),
  ]);
  expect(records(cwd, "out.jsonl")).toEqual([]);
});

test.each([
  ["no URL", "nowhere", "is no URL of a broker"],
  ["no Redis there", "redis://127.0.0.1:1", "nothing listens there"],
])("a broker that cannot be used is told of: %s", async (_, broker, words) => {
  await expect(openBroker(broker)).rejects.toThrow(words);
});

test.runIf(everything)(
  "a run can be left to itself, listed, and collected later; workers' clocks do not matter",
  async () => {
    // More chunks than may be outstanding: none of their outcomes is told twice.
    const count = 5000;
    const cwd = project(lines(count, (at) => `a ${at}`));
    const file = ownProgram(cwd);
    const left = await run(batch(file, "--detach"), { cwd });
    const [, id = ""] = /runlane batch --attach (\S+)/.exec(left.stderr) ?? [];
    expect([left.code, id]).toEqual([0, expect.stringMatching(/^words-/)]);
    expect(await runsAt(EMBEDDED)).toContainEqual(expect.objectContaining({ id, outstanding: 50, finished: 0 }));
    const clock = "const now = Date.now; Date.now = () => now() + 3_600_000;";
    await startWorker(file, { env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(clock)}` } });
    await until(async () => (await runsAt(EMBEDDED)).some((one) => one.id === id && one.finished === 50) || undefined);
    expect((await run(["batch", "--attach", id, "--broker", EMBEDDED], { cwd })).code).toBe(0);
    expect(indices(cwd)).toEqual(range(count));
    expect((await runsAt(EMBEDDED)).map((one) => one.id)).not.toContain(id);
  },
);

test.runIf(everything)("a pipeline that has changed goes on from where the records of the old one end", async () => {
  const cwd = project(lines(250, (at) => `a ${at}`));
  const file = ownProgram(cwd);
  expect((await run(batch(file, "--detach"), { cwd })).code).toBe(0);
  const old = await startWorker(file);
  const [{ id = "" } = {}] = (await runsAt(EMBEDDED)).filter(({ about }) => about.output === join(cwd, "out.jsonl"));
  await until(async () => (await runsAt(EMBEDDED)).some((one) => one.id === id && one.finished > 0) || undefined);
  appendFileSync(file, "export const more = 1;\n");
  const resumed = start(batch(file, "--resume", "--force"), { cwd });
  await startWorker(file);
  expect(await resumed.finished).toMatchObject({ code: 0 });
  expect(indices(cwd)).toEqual(range(250));
  expect((await runsAt(EMBEDDED)).map((one) => one.id)).not.toContain(id);
  expect(await stopWorker(old)).toBe(0);
});

test.runIf(everything)(
  "a run that is cancelled says so, though its worker dies, and goes on when it is resumed",
  async () => {
    const gate = join(scratchFolder(), "gate");
    const cwd = project(lines(40, () => `gate ${gate}`));
    const file = ownProgram(cwd);
    const worker = await startWorker(file, { args: ["-c", "1", "--lane", "loop"] });
    const producer = start(batch(file), { cwd });
    const output = join(cwd, "out.jsonl");
    const id = await until(async () => {
      const { runs, workers } = await stateAt(EMBEDDED);
      const own = runs.find(({ about }) => about.output === output);
      return own?.outstanding && workers.some(({ pid }) => pid === worker.process.pid) ? own.id : undefined;
    });
    const second = await run(batch(file, "--resume"), { cwd });
    expect([second.code, second.stderr]).toEqual([2, expect.stringContaining("is being written")]);
    worker.process.kill("SIGKILL");
    expect((await run(["cancel", id, "--broker", EMBEDDED], { cwd })).stderr).toContain(`cancelled ${id}`);
    const { code, stderr } = await producer.finished;
    expect([code, stderr]).toEqual([2, expect.stringContaining(`The run ${id} was cancelled`)]);
    writeFileSync(gate, "");
    const other = await startWorker(file);
    expect((await run(batch(file, "--resume"), { cwd })).code).toBe(0);
    expect(indices(cwd)).toEqual(range(40));
    expect(await stopWorker(other)).toBe(0);
  },
);

async function stateAt(url: string) {
  const broker = await openBroker(url);
  try {
    return await broker.state();
  } finally {
    await broker.close();
  }
}

async function runsAt(url: string) {
  return (await stateAt(url)).runs;
}
