import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "./command.ts";
import { runHere } from "./run-here.ts";
import { scratchFolder } from "./scratch.ts";

const PIPELINE = `import { RunnableLambda } from "runlane";
const rounds = [0];
// For so long as this process has the processor, whatever else the machine does.
const spin = (ms) => {
  const start = process.cpuUsage();
  while (process.cpuUsage(start).user + process.cpuUsage(start).system < 1000 * ms) rounds[0]++;
};
export default RunnableLambda.from(async function summarize(x) {
  await null;
  spin(x === 1 ? 1000 : 0);
  return x;
}).pipe(function counts(x) {
  spin(50);
  return x;
});
`;

function folder(inputs: string): string {
  const cwd = scratchFolder();
  const runlane = JSON.stringify(new URL("../../dist/index.js", import.meta.url).href);
  writeFileSync(join(cwd, "pipeline.mjs"), PIPELINE.replaceAll('"runlane"', runlane));
  writeFileSync(join(cwd, "in.jsonl"), inputs);
  return cwd;
}
const ARGS = ["batch", "pipeline.mjs", "-i", "in.jsonl", "-o", "out.jsonl"];

test("--watch says which step holds the event loop, of which input and at which line", {
  timeout: 60_000,
}, async () => {
  const { code, stderr } = await run([...ARGS, "--watch", "-q"], { cwd: folder("0\n1\n") });
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /^runlane: the event loop has been held for .* by step "summarize" \(input 1\) at .*pipeline\.mjs:\d+; it computes$/m,
  );
});

test("the summary and the report name the steps that held the loop, with their lines and a first guess", async () => {
  const cwd = folder("2\n3\n4\n");
  const { stderr } = await run([...ARGS, "--report", "report.json"], { cwd });
  expect(stderr).toMatch(/^the loop was held by counts \(pipeline\.mjs:12\) 3 times, \d/m);
  const { holders } = JSON.parse(readFileSync(join(cwd, "report.json"), "utf8"));
  expect(holders).toContainEqual({
    step: "counts",
    place: expect.stringMatching(/pipeline\.mjs:12$/),
    times: 3,
    totalMs: expect.any(Number),
    maxMs: expect.any(Number),
  });
});

test("--watch takes no time below 20 ms", async () => {
  const { code, stderr } = await runHere([...ARGS, "--watch", "5"], { cwd: folder("") });
  expect(code).toBe(2);
  expect(stderr).toContain("It must be a number of milliseconds from 20 up.");
});
