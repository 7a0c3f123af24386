import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseRecords, records, run, start } from "../cli/command.ts";
import { scratchFolder } from "../cli/scratch.ts";
import { EMBEDDED } from "./servers.ts";
import { ownProgram, startWorker, stopWorker } from "./support.ts";

/** A folder with a program and an input. */
function project(lines: readonly string[]): { cwd: string; file: string } {
  const cwd = scratchFolder();
  writeFileSync(join(cwd, "in.txt"), lines.map((line) => `${line}\n`).join(""));
  return { cwd, file: ownProgram(cwd) };
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

test("a batch on a cluster leaves the records that one machine leaves, failures and all", async () => {
  const { cwd, file } = project([...lines(300, (at) => "w ".repeat(at % 7)), "throw", "exit", "the end"]);
  const worker = await startWorker(file);
  const { code, stderr } = await run(batch(file), { cwd });
  expect([code, stderr]).toEqual([1, expect.stringContaining("303 inputs")]);
  const outputs = records(cwd, "out.jsonl");
  expect(outputs.map(({ index }) => index)).toEqual([...lines(300, () => "").keys(), 302]);
  expect(outputs[6]).toEqual({ index: 6, output: 7 });
  expect(records(cwd, "out.errors.jsonl")).toMatchObject([
    {
      index: 300,
      step: "words",
      error: { name: "RangeError", message: "not this one" },
      source: "in.txt:301",
      input: "throw",
    },
    { index: 301, error: { code: "RUNLANE_WORKER_CRASHED" } },
  ]);
  expect(await stopWorker(worker)).toBe(0);
});

test("a producer that was killed goes on where its records end, with what was done meanwhile", async () => {
  const { cwd, file } = project(lines(400, (at) => (at % 4 === 0 ? "wait 100" : `a b ${at}`)));
  await startWorker(file);
  const first = start(batch(file), { cwd });
  await until(() => records(cwd, "out.jsonl").length > 0 || undefined);
  first.process.kill("SIGKILL");
  await first.finished;
  // A torn line, as a full disk leaves one.
  appendFileSync(join(cwd, "out.jsonl"), '{"ind');
  const { code } = await run(batch(file, "--resume"), { cwd });
  expect(code).toBe(0);
  const all = parseRecords(readFileSync(join(cwd, "out.jsonl"), "utf8"));
  expect(all.map(({ index }) => index)).toEqual([...lines(400, () => "").keys()]);
});

test("lines that cannot be read have their records, and a run that is done has nothing to resume", async () => {
  const { cwd, file } = project([]);
  writeFileSync(join(cwd, "in.jsonl"), '{"a":\n"x y"\n}\n');
  const args = [
    "batch",
    file,
    "--input",
    "in.jsonl",
    "--output",
    "out.jsonl",
    "--lane",
    "cluster",
    "--broker",
    EMBEDDED,
  ];
  await startWorker(file);
  expect((await run(args, { cwd })).code).toBe(1);
  expect(records(cwd, "out.jsonl")).toEqual([{ index: 1, output: 2 }]);
  expect(records(cwd, "out.errors.jsonl")).toMatchObject([{ index: 0 }, { index: 2 }]);
  expect((await run([...args, "--resume"], { cwd })).code).toBe(1);
  expect(records(cwd, "out.jsonl")).toEqual([{ index: 1, output: 2 }]);
});

test("what a killed worker had in hand runs elsewhere", async () => {
  const { cwd, file } = project(lines(60, () => "wait 100"));
  const [one] = await Promise.all([startWorker(file), startWorker(file)]);
  const producer = start(batch(file), { cwd });
  await until(() => records(cwd, "out.jsonl").length > 0 || undefined);
  one!.process.kill("SIGKILL");
  expect((await producer.finished).code).toBe(0);
  expect(records(cwd, "out.jsonl").map(({ index }) => index)).toEqual([...lines(60, () => "").keys()]);
});

test.each([
  ["no URL", "nowhere", "is no URL of a broker"],
  ["nothing there", "postgres://127.0.0.1:1/x", "nothing listens there"],
  ["no Redis there", "redis://127.0.0.1:1", "nothing listens there"],
])("a broker that cannot be used is told of in one line, before anything is written: %s", async (_, broker, words) => {
  const { cwd, file } = project(["a"]);
  const { code, stderr } = await run(
    [...batch(file), "--broker", broker].filter((arg) => arg !== EMBEDDED).toSpliced(8, 1),
    { cwd },
  );
  expect([code, stderr.split("\n").length - 1, stderr]).toEqual([2, 1, expect.stringContaining(words)]);
  expect(records(cwd, "out.jsonl")).toEqual([]);
});

async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("a run can be left to itself, listed, and collected later", async () => {
  const { cwd, file } = project(lines(250, (at) => `a ${at}`));
  const left = await run(batch(file, "--detach"), { cwd });
  const [, id = ""] = /runlane batch --attach (\S+)/.exec(left.stderr) ?? [];
  expect([left.code, id]).toEqual([0, expect.stringMatching(/^words-/)]);
  const listed = JSON.parse((await run(["runs", "--json", "--broker", EMBEDDED], { cwd })).stdout);
  expect(listed.runs).toContainEqual(expect.objectContaining({ id, outstanding: 3, finished: 0 }));
  await startWorker(file);
  expect((await run(["batch", "--attach", id, "--broker", EMBEDDED], { cwd })).code).toBe(0);
  expect(records(cwd, "out.jsonl").map(({ index }) => index)).toEqual([...lines(250, () => "").keys()]);
  expect((await run(["runs", "--broker", EMBEDDED], { cwd })).stdout).not.toContain(id);
});

test("a run that is cancelled says so, and goes on when it is resumed", async () => {
  const gate = join(scratchFolder(), "gate");
  const { cwd, file } = project(lines(40, () => `gate ${gate}`));
  await startWorker(file, { args: ["-c", "1", "--lane", "loop"] });
  const producer = start(batch(file), { cwd });
  let id = "";
  await until(async () => {
    const { runs } = JSON.parse((await run(["runs", "--json", "--broker", EMBEDDED], { cwd })).stdout);
    id = runs.find(({ about }: { about: { output?: string } }) => about.output === join(cwd, "out.jsonl"))?.id ?? "";
    return id === "" ? undefined : id;
  });
  expect((await run(["cancel", id, "--broker", EMBEDDED], { cwd })).stderr).toContain(`cancelled ${id}`);
  const { code, stderr } = await producer.finished;
  expect([code, stderr]).toEqual([2, expect.stringContaining(`The run ${id} was cancelled`)]);
  writeFileSync(gate, "");
  expect((await run(batch(file, "--resume"), { cwd })).code).toBe(0);
  expect(records(cwd, "out.jsonl").map(({ index }) => index)).toEqual([...lines(40, () => "").keys()]);
});
