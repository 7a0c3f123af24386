import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "./command.ts";
import { scratchFolder } from "./scratch.ts";

const PIPELINE = `import { RunnableLambda } from "runlane";
const waits = async (x) => new Promise((done) => setTimeout(done, 5, x));
export default RunnableLambda.from(waits);
export const quick = RunnableLambda.from((x) => x + 1);
`;

function folder(): string {
  const cwd = scratchFolder();
  const runlane = JSON.stringify(new URL("../../dist/index.js", import.meta.url).href);
  writeFileSync(join(cwd, "pipeline.mjs"), PIPELINE.replaceAll('"runlane"', runlane));
  writeFileSync(join(cwd, "in.jsonl"), Array.from({ length: 60 }, (_, at) => `${at}\n`).join(""));
  writeFileSync(join(cwd, "empty.jsonl"), "");
  return cwd;
}
const LONG = { timeout: 60_000 };

test("the page has the finding, its line, the fix and the proof", LONG, async () => {
  const { code, stdout, stderr } = await run(["doctor", "pipeline.mjs", "-i", "in.jsonl", "-c", "2"], {
    cwd: folder(),
  });
  expect(code).toBe(0);
  expect(stderr).toContain("the inputs are run many times");
  expect(stdout).toMatch(/1\. concurrency-low: /);
  expect(stdout).toMatch(/proof {5}proved \d.*x \(\d/);
});

test("--json writes the findings and what was tried, and --ci fails where something is proved", LONG, async () => {
  const args = ["doctor", "pipeline.mjs", "-i", "in.jsonl", "-c", "2", "--json", "--ci"];
  const { code, stdout } = await run(args, { cwd: folder() });
  expect(code).toBe(1);
  const { findings, tried } = JSON.parse(stdout);
  expect(findings[0]).toMatchObject({ id: "concurrency-low", proof: { verdict: "proved", metric: "batch ms" } });
  expect(Object.keys(findings[0])).toEqual(["id", "step", "place", "evidence", "fix", "proof"]);
  expect(tried).toContain("serial-awaits: nothing found");
});

test("where nothing is found, that is said, with what was tried, and --ci is content", LONG, async () => {
  const args = ["doctor", "pipeline.mjs", "-i", "in.jsonl", "--export", "quick", "--ci"];
  const { code, stdout } = await run(args, { cwd: folder() });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Nothing was found that is proved to help. What was tried:$/m);
});

test("what cannot be run is said in one line", async () => {
  const cwd = folder();
  const none = await run(["doctor", "pipeline.mjs", "-i", "empty.jsonl"], { cwd });
  expect(none).toMatchObject({ code: 2, stderr: "runlane: there are no inputs in empty.jsonl\n" });
  const compare = await run(["doctor", "pipeline.mjs", "-i", "in.jsonl", "--compare", "some.mjs"], { cwd });
  expect(compare.code).toBe(2);
  expect(compare.stderr).toMatch(/^runlane: --compare some\.mjs: the module does not load: .*\n$/);
});
