import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { everything } from "../everything.ts";
import { run } from "./command.ts";
import { runHere } from "./run-here.ts";
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

test(
  "the page has the finding, its line, the fix and the proof; and what --fix cannot change is told with the reason",
  LONG,
  async () => {
    const args = ["doctor", "pipeline.mjs", "-i", "in.jsonl", "-c", "2", "--fix", "--yes"];
    const { code, stdout, stderr } = await run(args, { cwd: folder() });
    expect(code).toBe(0);
    expect(stderr).toContain("the inputs are run many times");
    expect(stdout).toMatch(/1\. concurrency-low: /);
    expect(stdout).toMatch(/proof {5}proved \d.*x \(\d/);
    expect(stdout).toMatch(/^concurrency-low at .*: not changed: it is an option of the call: maxConcurrency: 8/m);
  },
);

test("--fix shows the change, makes it after a yes, and proves it again on the changed source", LONG, async () => {
  const cwd = folder();
  const source = () => readFileSync(join(cwd, "repeating.mjs"), "utf8");
  writeFileSync(join(cwd, "repeating.mjs"), readFileSync(join(cwd, "pipeline.mjs"), "utf8"));
  writeFileSync(join(cwd, "again.jsonl"), Array.from({ length: 48 }, (_, at) => `${at % 4}\n`).join(""));
  const before = source();
  const args = ["doctor", "repeating.mjs", "-i", "again.jsonl", "-c", "4", "--fix"];
  const asked = await run(args, { cwd });
  expect(asked.stdout).toMatch(/^-export default RunnableLambda\.from\(waits\);$/m);
  expect(asked.stderr).toContain("there is no terminal to ask on");
  expect(source()).toBe(before);
  const { stdout } = await run([...args, "--yes"], { cwd });
  expect(stdout).toMatch(/applied to repeating\.mjs; measured again on the changed source: proved \d/);
  expect(source()).toBe(before.replace("from(waits);", "from(waits).withCache({ maxEntries: 10 });"));
});

test.runIf(everything)("a change that is not proved on the changed source is taken back", LONG, async () => {
  const cwd = folder();
  // Loaded a third time, as it is after the change, it gives other outputs.
  const source = `import { appendFileSync, readFileSync } from "node:fs";
import { RunnableLambda } from ${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)};
appendFileSync("loads", ".");
const more = readFileSync("loads").length > 2 ? 1 : 0;
export default RunnableLambda.from(async (x) => new Promise((done) => setTimeout(done, 5, x + more)));
`;
  writeFileSync(join(cwd, "once.mjs"), source);
  writeFileSync(join(cwd, "again.jsonl"), Array.from({ length: 48 }, (_, at) => `${at % 4}\n`).join(""));
  const { stdout } = await run(["doctor", "once.mjs", "-i", "again.jsonl", "-c", "4", "--fix", "--yes"], { cwd });
  expect(stdout).toMatch(/not changed: on the changed source it is refused: output 0 differs; it was taken back/);
  expect(readFileSync(join(cwd, "once.mjs"), "utf8")).toBe(source);
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
  const none = await runHere(["doctor", "pipeline.mjs", "-i", "empty.jsonl"], { cwd });
  expect(none).toMatchObject({ code: 2, stderr: "runlane: there are no inputs in empty.jsonl\n" });
  const compare = await runHere(["doctor", "pipeline.mjs", "-i", "in.jsonl", "--compare", "some.mjs"], { cwd });
  expect(compare.code).toBe(2);
  expect(compare.stderr).toMatch(/^runlane: --compare some\.mjs: the module does not load: .*\n$/);
});
