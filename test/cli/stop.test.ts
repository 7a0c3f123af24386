import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { everything } from "../everything.ts";
import { fixture, records, run, start } from "./command.ts";
import { scratchFolder } from "./scratch.ts";

/** A run with two inputs in flight that wait for a file called `open`, and one that is done. */
async function gatedRun() {
  const cwd = scratchFolder();
  const lines = ["now", "one", "two", ...Array.from({ length: 50 }, (_, n) => `now ${n}`)];
  writeFileSync(join(cwd, "in.txt"), lines.join("\n"));
  const args = ["batch", fixture("gate.mjs"), "-i", "in.txt", "-o", "out.jsonl", "-c", "2"];
  const command = start(args, { cwd });
  await command.says("started one");
  await command.says("started two");
  return { cwd, args, lines, command, open: () => writeFileSync(join(cwd, "open"), "") };
}

describe.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s", (signal, exitCode) => {
  it.runIf(everything || signal === "SIGTERM")(
    "finishes what is in flight, says how to resume, and the resumed run does the rest",
    async () => {
      const { cwd, lines, command, open } = await gatedRun();
      command.process.kill(signal);
      await command.says(`${signal} again quits at once`);
      expect(command.stderr()).toMatch(/finishing the \d+ inputs? in flight/);
      open();
      const { code, stderr } = await command.finished;
      expect(code).toBe(exitCode);
      const done = records(cwd, "out.jsonl");
      expect(done.map(({ output }) => output)).toEqual(lines.slice(0, done.length));
      expect(done.length).toBeGreaterThanOrEqual(3);
      expect(done.length).toBeLessThan(lines.length);
      const [, resume] = /Continue:\n {2}runlane (.*)\n$/.exec(stderr) ?? [];
      expect(resume).toBe(`batch ${fixture("gate.mjs")} -i in.txt -o out.jsonl -c 2 --resume`);
      expect((await run((resume as string).split(" "), { cwd })).code).toBe(0);
      expect(records(cwd, "out.jsonl").map(({ index, output }) => [index, output])).toEqual([...lines.entries()]);
    },
  );

  it.runIf(everything || signal === "SIGINT")("quits at once the second time, and keeps what was done", async () => {
    const { cwd, command } = await gatedRun();
    command.process.kill(signal);
    await command.says("quits at once");
    command.process.kill(signal);
    expect((await command.finished).code).toBe(exitCode);
    expect(records(cwd, "out.jsonl")).toEqual([{ index: 0, output: "now" }]);
  });
});

describe("Ctrl-C", () => {
  it("ends a run that waits for standard input", async () => {
    const cwd = scratchFolder();
    const command = start(["batch", fixture("shout.mjs"), "-i", "-", "-o", "out.jsonl"], { cwd });
    command.process.stdin?.write('"a"\n"b"\n');
    while (records(cwd, "out.jsonl").length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    command.process.kill("SIGINT");
    const { code, stderr } = await command.finished;
    expect(code).toBe(130);
    expect(stderr).toContain("Continue, with the same standard input:");
    expect(records(cwd, "out.jsonl")).toHaveLength(2);
  });

  it("leaves nothing behind when nothing has been read", async () => {
    const cwd = scratchFolder();
    const command = start(["batch", fixture("gate.mjs"), "-i", "-", "-o", "out.jsonl"], { cwd });
    let finished = false;
    void command.finished.then(() => {
      finished = true;
    });
    // The command gives no sign that it waits, so the signal is repeated until it has come through.
    await new Promise((resolve) => setTimeout(resolve, 300));
    while (!finished) {
      command.process.kill("SIGINT");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    // One that comes while listeners change hands ends the process by itself: then its locks stay, which are no obstacle.
    expect(readdirSync(cwd).filter((name) => !name.endsWith(".lock"))).toEqual([]);
    const next = await run(["batch", fixture("gate.mjs"), "-i", "-", "-o", "out.jsonl"], { cwd, input: '"now"\n' });
    expect(next.code).toBe(0);
    expect(readdirSync(cwd).filter((name) => name.endsWith(".lock"))).toEqual([]);
  });

  it.runIf(everything)("says that a run to standard output cannot be resumed", async () => {
    const cwd = scratchFolder();
    const command = start(["batch", fixture("gate.mjs"), "-i", "-", "--format", "txt"], { cwd, input: "one\n" });
    await command.says("started one");
    command.process.kill("SIGINT");
    await command.says("quits at once");
    writeFileSync(join(cwd, "open"), "");
    const { code, stdout, stderr } = await command.finished;
    expect(code).toBe(130);
    expect(stdout).toBe('{"index":0,"output":"one"}\n');
    expect(stderr).toContain("only a run with --output can be resumed");
  });
});

describe("a pipeline that ends the run in its own way", () => {
  it.each(
    [
      ["exit", /the pipeline ended the process with exit code 0/],
      ["throw", /an error escaped the pipeline.*out of nowhere/],
      ["reject", /an error escaped the pipeline.*nobody listens/],
      ["never", /waits for something that can never happen: input 1 \(in\.txt:2\) has not settled/],
    ].filter(([way]) => everything || way === "exit" || way === "throw") as [string, RegExp][],
  )("cannot lose what is done, nor pass for success: %s", async (way, message) => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "in.txt"), `done\n${way}\ndone\n`);
    const { code, stderr } = await run(
      ["batch", fixture("untimely.mjs"), "-i", "in.txt", "-o", "out.jsonl", "-c", "1"],
      { cwd },
    );
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/Continue:\n {2}runlane batch .* --resume\n$/);
    expect(code).toBe(2);
    expect(records(cwd, "out.jsonl")).toEqual([{ index: 0, output: "done" }]);
    expect(existsSync(join(cwd, "out.errors.jsonl"))).toBe(false);
  });
});
