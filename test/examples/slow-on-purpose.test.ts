import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { everything } from "../everything.ts";

const run = promisify(execFile);
const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const COMMAND = path("dist/cli/main.js");

test("each of the seven faults has a fix that is one change of the source", async () => {
  const script = fileURLToPath(new URL("fixtures/edit-slow.mjs", import.meta.url));
  const { stdout } = await run(process.execPath, ["--import", "tsx", script]);
  const diffs: Record<string, string[]> = JSON.parse(stdout);
  expect(diffs["blocking-io"]).toContain(
    "+  RunnablePassthrough.assign({ bytes: async ({ text }: Section) => (await promisify(brotliCompress)(text)).length }),",
  );
  expect(diffs["captured-keeps-on-loop"]).toContain(
    "+  related: RunnableLambda.from(({ words }: Section, { uses: { ENDINGS } }) => {",
  );
  expect(diffs["captured-keeps-on-loop"]).toContain('+  }, { lane: "thread", uses: { ENDINGS } }),');
  expect(diffs["serial-awaits"]?.filter((line) => line.includes("RunnablePassthrough.assign"))).toHaveLength(5);
  expect(diffs["repeated-inputs"]?.at(-1)).toContain(".withCache({ maxEntries: 10 })");
  expect(diffs["rate-limited"]?.at(-1)).toContain(".withLimits({ ratePerSecond: 80, burst: 1 }).withRetry(patience)");
  expect(diffs["unbatched-calls"]).toContain(
    "+      RunnableLambda.batched(async (inputs: string[], { uses }) => (await uses.encoder.embed(inputs)), {",
  );
  expect(diffs["cold-resource"]).toEqual([
    "-export default RunnableSequence.from([",
    "+const pipeline = RunnableSequence.from([",
    "+await pipeline.warm();",
    "+export default pipeline;",
  ]);
});

/** Where the example is copied to, at the same depth, as it finds the documentation from there. */
const copies = path(".cache");
mkdirSync(copies, { recursive: true });
const folder = mkdtempSync(join(copies, "slow-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.runIf(everything)(
  "the doctor finds and proves all seven, and with its fixes the run is at least 5 times as fast",
  { timeout: 3_600_000 },
  async () => {
    cpSync(path("examples/slow-on-purpose"), folder, { recursive: true });
    const input = ["pipeline.ts", "--input", "sections.jsonl"];
    const command = (args: string[]) => run(process.execPath, [COMMAND, ...args], { cwd: folder, maxBuffer: 1e8 });
    const milliseconds = async (name: string) => {
      await command(["batch", ...input, "--output", `${name}.jsonl`, "--report", `${name}.json`, "--warm", "-q"]);
      return (await import(join(folder, `${name}.json`), { with: { type: "json" } })).default.durationMs as number;
    };
    const before = await milliseconds("before");
    const applied = new Set<string>();
    // Each makes one change.
    for (let round = 0; round < 12 && applied.size < 7; round++) {
      const { stdout } = await command(["doctor", ...input, "--fix", "--yes", "--json", "--budget", "240"]);
      for (const fix of JSON.parse(stdout).fixes as { id: string; applied: boolean }[])
        if (fix.applied) applied.add(fix.id);
    }
    expect([...applied].sort()).toEqual([
      "blocking-io",
      "captured-keeps-on-loop",
      "cold-resource",
      "rate-limited",
      "repeated-inputs",
      "serial-awaits",
      "unbatched-calls",
    ]);
    expect(before / (await milliseconds("after"))).toBeGreaterThan(5);
  },
);
