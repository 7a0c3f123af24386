import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import type { Change, StepFunction } from "../../src/diagnose/fix/change.ts";
import { diffOf } from "../../src/diagnose/fix/diff.ts";
import { fixSource } from "../../src/diagnose/fix/fix-source.ts";

// Inside the package, so that its name means it, and where Vitest leaves modules as they are.
const CACHE = fileURLToPath(new URL("../../.cache/test/fixtures", import.meta.url));
mkdirSync(CACHE, { recursive: true });
const folder = mkdtempSync(join(CACHE, "fix-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RUNLANE = `import { RunnableLambda, RunnablePassthrough, RunnableSequence } from "runlane";\n`;
let files = 0;

/** Writes a module, and imports it. */
async function load(code: string) {
  const path = join(folder, `${++files}.mjs`);
  writeFileSync(path, code);
  const module = await import(pathToFileURL(path).href);
  return { path, module };
}

/** The source after a change of one of the steps that the module exports. */
async function changed(code: string, change: (funcs: StepFunction[]) => Change, exportName = "default") {
  const { path, module } = await load(code);
  const funcs = functionsIn(module[exportName]);
  const { after } = await fixSource(change(funcs), { folder, module: path, exportName });
  return after;
}

/** All functions in a runnable, in their order. */
function functionsIn(value: unknown): StepFunction[] {
  if (typeof value !== "object" || value === null) return [];
  const { node } = value as { node?: { kind: string; func?: StepFunction } };
  if (typeof node?.func === "function") return [node.func];
  return Object.values(node ?? value).flatMap(functionsIn);
}

test.each<[string, string, (funcs: StepFunction[]) => Change, string]>([
  [
    "an option is added to the call that makes the step",
    `export default RunnableLambda.from((x) => x + 1);`,
    ([func]) => ({ kind: "thread", func: func!, uses: [] }),
    `export default RunnableLambda.from((x) => x + 1, { lane: "thread" });`,
  ],
  [
    "to options that it has",
    `export default RunnableLambda.from((x) => x + 1, { name: "adds", lane: "loop" });`,
    ([func]) => ({ kind: "thread", func: func!, uses: [] }),
    `export default RunnableLambda.from((x) => x + 1, { name: "adds", lane: "thread" });`,
  ],
  [
    "a function becomes a step where it stands",
    `export default RunnableLambda.from((x) => x).pipe((x) => x + 1);`,
    ([, func]) => ({ kind: "thread", func: func!, uses: [] }),
    `export default RunnableLambda.from((x) => x).pipe(RunnableLambda.from((x) => x + 1, { lane: "thread" }));`,
  ],
  [
    "and where its name stands",
    `const adds = (x) => x + 1;\nexport default RunnablePassthrough.assign({ adds });`,
    ([func]) => ({ kind: "thread", func: func!, uses: [] }),
    `const adds = (x) => x + 1;\nexport default RunnablePassthrough.assign({ adds: RunnableLambda.from(adds, { lane: "thread" }) });`,
  ],
  [
    "captured variables are taken from the config",
    `const rounds = 3;\nexport default RunnableLambda.from(x => x * rounds);`,
    ([func]) => ({ kind: "thread", func: func!, uses: ["rounds"] }),
    `const rounds = 3;\nexport default RunnableLambda.from((x, { uses: { rounds } }) => x * rounds, { lane: "thread", uses: { rounds } });`,
  ],
  [
    "a method is called on the step, before others",
    `export default RunnableLambda.from(async (x) => x).withRetry();`,
    ([func]) => ({ kind: "method", func: func!, code: ".withLimits({ ratePerSecond: 8, burst: 1 })" }),
    `export default RunnableLambda.from(async (x) => x).withLimits({ ratePerSecond: 8, burst: 1 }).withRetry();`,
  ],
  [
    "a retry looks at errors",
    `export default RunnableLambda.from(async (x) => x).withRetry({ stopAfterAttempt: 4 });`,
    ([func]) => ({ kind: "retryIf", func: func!, condition: "error.status !== 400" }),
    `export default RunnableLambda.from(async (x) => x).withRetry({ stopAfterAttempt: 4, retryIf: (error) => error.status !== 400 });`,
  ],
  [
    "one call for many inputs",
    `const model = async (texts) => texts;\nexport default RunnableLambda.from(async (text) => (await model([text]))[0]);`,
    ([func]) => ({ kind: "batched", func: func! }),
    `const model = async (texts) => texts;\nexport default RunnableLambda.batched(async (inputs) => (await model(inputs)));`,
  ],
  [
    "larger calls",
    `export default RunnableLambda.batched((all) => all, { maxBatchSize: 2 });`,
    ([func]) => ({ kind: "batchSize", func: func!, size: 16 }),
    `export default RunnableLambda.batched((all) => all, { maxBatchSize: 16 });`,
  ],
  [
    "no lane, where it was a method",
    `export default RunnableLambda.from((x) => x + 1).withLane("thread").withRetry();`,
    ([func]) => ({ kind: "noLane", func: func! }),
    `export default RunnableLambda.from((x) => x + 1).withRetry();`,
  ],
  [
    "no lane, where it was an option",
    `export default RunnableLambda.from((x) => x + 1, { lane: "thread", name: "adds" });`,
    ([func]) => ({ kind: "noLane", func: func! }),
    `export default RunnableLambda.from((x) => x + 1, { name: "adds" });`,
  ],
  [
    "one assign of two that are piped",
    `export default RunnablePassthrough.assign({ a: async () => 1 })\n  .pipe(RunnablePassthrough.assign({ b: async () => 2 })).pipe((x) => x);`,
    ([a, b]) => ({ kind: "oneAssign", funcs: [a!, b!] }),
    `export default RunnablePassthrough.assign({ a: async () => 1, b: async () => 2 }).pipe((x) => x);`,
  ],
  [
    "one assign of three in a list",
    `export default RunnableSequence.from([(x) => x,\n  RunnablePassthrough.assign({ a: async () => 1 }),\n  RunnablePassthrough.assign({ b: async () => 2 }),\n  RunnablePassthrough.assign({ c: async () => 3 }),\n]);`,
    ([, ...funcs]) => ({ kind: "oneAssign", funcs }),
    `export default RunnableSequence.from([(x) => x,\n  RunnablePassthrough.assign({ a: async () => 1, b: async () => 2, c: async () => 3 }),\n]);`,
  ],
  [
    "what is used is loaded with the module",
    `export default RunnableLambda.from((x) => x);`,
    () => ({ kind: "warm" }),
    `const pipeline = RunnableLambda.from((x) => x);\nawait pipeline.warm();\nexport default pipeline;`,
  ],
  [
    "RunnableLambda by another name",
    `import { RunnableLambda as Step } from "runlane";\nexport default Step.from((x) => x + 1);`,
    ([func]) => ({ kind: "thread", func: func!, uses: [] }),
    `import { RunnableLambda as Step } from "runlane";\nexport default Step.from((x) => x + 1, { lane: "thread" });`,
  ],
  [
    "lines that end as on Windows, and letters of other alphabets",
    `// Straße 😀\r\nexport default RunnableLambda.from((x) => x + "😀");\r\n`,
    () => ({ kind: "warm" }),
    `// Straße 😀\r\nconst pipeline = RunnableLambda.from((x) => x + "😀");\r\nawait pipeline.warm();\r\nexport default pipeline;\r\n`,
  ],
  [
    "letters of other alphabets before the step",
    `const flags = "🏳️‍🌈"; export default RunnableLambda.from((x) => flags + x);`,
    ([func]) => ({ kind: "thread", func: func!, uses: [] }),
    `const flags = "🏳️‍🌈"; export default RunnableLambda.from((x) => flags + x, { lane: "thread" });`,
  ],
  [
    "an export in a list",
    `const chain = RunnableLambda.from((x) => x);\nexport { chain as default };`,
    () => ({ kind: "warm" }),
    `const chain = RunnableLambda.from((x) => x);\nawait chain.warm();\nexport { chain as default };`,
  ],
  [
    "properties on lines of their own stay there",
    `export default RunnablePassthrough.assign({\n  a: async () => 1,\n}).pipe(RunnablePassthrough.assign({ b: async () => 2 }));`,
    ([a, b]) => ({ kind: "oneAssign", funcs: [a!, b!] }),
    `export default RunnablePassthrough.assign({\n  a: async () => 1,\n  b: async () => 2,\n});`,
  ],
])("%s", async (_, before, change, after) => {
  expect(await changed(RUNLANE + before, change)).toBe(RUNLANE + after);
});

test("blocking calls are awaited in an async function, with what that needs imported", async () => {
  const change = ([func]: StepFunction[]): Change => ({
    kind: "await",
    func: func!,
    calls: ["zlib.gzipSync", "fs.readFileSync"],
  });
  const before = `import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { RunnableLambda } from "runlane";
export default RunnableLambda.from((path) => gzipSync(readFileSync(path)).length);`;
  expect(await changed(before, change)).toBe(`import { readFile } from "node:fs/promises";
import { gzip } from "node:zlib";
import { RunnableLambda } from "runlane";
import { promisify } from "node:util";
export default RunnableLambda.from(async (path) => (await promisify(gzip)((await readFile(path)))).length);`);
});

test.each<[string, string, (funcs: StepFunction[]) => Change, string]>([
  [
    "a function that is used twice",
    `const adds = (x) => x + 1;\nexport default RunnableLambda.from(adds).pipe(adds);`,
    ([func]) => ({ kind: "thread", func: func!, uses: [] }),
    "adds is used in 2 places, not in one",
  ],
  [
    "options that are made elsewhere",
    `const options = { name: "adds" };\nexport default RunnableLambda.from((x) => x + 1, options);`,
    ([func]) => ({ kind: "thread", func: func!, uses: [] }),
    "its options are not written where it is made",
  ],
  [
    "a retry elsewhere",
    `const step = RunnableLambda.from(async (x) => x);\nexport default step.withRetry();`,
    ([func]) => ({ kind: "retryIf", func: func!, condition: "true" }),
    "its withRetry is not written where the step is made",
  ],
  [
    "a blocking call in a helper",
    `import { readFileSync } from "node:fs";\nconst help = (path) => readFileSync(path);\nexport default RunnableLambda.from((x) => help(x));`,
    ([func]) => ({ kind: "await", func: func!, calls: ["fs.readFileSync"] }),
    "the blocking call is made in another function",
  ],
  [
    "a function with another name",
    `const step = later;\nexport default RunnableLambda.from(step);\nfunction later(x) { return x; }`,
    ([func]) => ({ kind: "thread", func: func!, uses: [] }),
    "later is given another name there",
  ],
  [
    "a field of a constructor",
    `export default new RunnableLambda({ func: (x) => x });`,
    ([func]) => ({ kind: "thread", func: func!, uses: [] }),
    "its function is a field of a constructor's",
  ],
  [
    "what has no place in a file",
    `export default RunnableLambda.from(new Function("x", "return x"));`,
    ([func]) => ({ kind: "thread", func: func!, uses: [] }),
    "it is not known where its function is written",
  ],
])("%s is refused, with the reason", async (_, code, change, reason) => {
  await expect(changed(RUNLANE + code, change)).rejects.toThrow(reason);
});

test("files outside of the working folder are left alone", async () => {
  const { path, module } = await load(`${RUNLANE}export default RunnableLambda.from((x) => x);`);
  const options = { folder: join(folder, "other"), module: path, exportName: "default" };
  const [func] = functionsIn(module.default);
  await expect(fixSource({ kind: "thread", func: func!, uses: [] }, options)).rejects.toThrow(
    "is not under the working folder",
  );
});

test("a diff has the lines around what changes", () => {
  const before = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"].join("\n");
  const after = before.replace("c", "C").replace("j", "J\nK");
  expect(diffOf("x.ts", before, after)).toBe(
    `--- x.ts
+++ x.ts
@@ -1,5 +1,5 @@
 a
 b
-c
+C
 d
 e
@@ -8,3 +8,4 @@
 h
 i
-j
+J
+K`,
  );
});
