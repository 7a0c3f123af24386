import { expect, test } from "vitest";
import { violations } from "../../scripts/layers.mjs";

const wrong = (file: string, text: string) => violations(file, text).map((problem) => problem.replace(/,.*/, ""));

test("imports of the own room and of rooms below are fine", () => {
  expect(wrong("plan/stages.ts", 'import { a } from "./steps.ts";\nimport type { B } from "../core/step.ts";')).toEqual(
    [],
  );
  expect(wrong("lanes/worker/thread.ts", 'import { a } from "../../runnables/registry.ts";')).toEqual([]);
});

test("an import that goes upwards is told with its line, of whichever form it is", () => {
  const text = `import { a } from "./a.ts";
import {
  b,
  type C,
} from "../runnables/base.ts";
export type { D } from "../plan/plan.ts";
const e = await import("../lanes/lane.ts");`;
  expect(wrong("core/step.ts", text)).toEqual([
    "5: imports go downwards",
    "6: imports go downwards",
    "7: imports go downwards",
  ]);
});

test("comments and texts are no imports", () => {
  const text = `/**
 * @example
 * import { RunnableLambda } from "runlane";
 */
// import { a } from "../runnables/a.ts";
export const HELP = \`
  import { RunnableLambda } from "runlane";
\`;`;
  expect(wrong("core/step.ts", text)).toEqual([]);
});

test("nobody imports an index, the package itself, or what is closed", () => {
  expect(wrong("cli/main.ts", 'import { a } from "../index.ts";')).toHaveLength(1);
  expect(wrong("cli/main.ts", 'import { a } from "runlane";')).toHaveLength(1);
  expect(wrong("cli/main.ts", 'import { a } from "../testing/cases.ts";')).toEqual([
    "1: no other room imports testing",
  ]);
});

test("a room with a list of its own imports nothing else", () => {
  expect(wrong("graph/draw.ts", 'import { a } from "../observe/run.ts";')).toHaveLength(1);
  expect(wrong("graph/draw.ts", 'import { a } from "../core/step.ts";')).toEqual([]);
});

test("what a plain import loads imports no package and no module of Node, but types of Node's and what it loads later", () => {
  expect(wrong("index.ts", 'export { a } from "./cli/a.ts";')).toHaveLength(1);
  expect(wrong("core/step.ts", 'import { readFile } from "node:fs";')).toHaveLength(1);
  expect(wrong("core/step.ts", 'import type { z } from "zod";')).toHaveLength(1);
  expect(wrong("core/step.ts", 'import type { Worker } from "node:worker_threads";\nawait import("acorn");')).toEqual(
    [],
  );
  expect(wrong("cli/main.ts", 'import { readFile } from "node:fs";')).toEqual([]);
});

test("a room that the list does not name is refused", () => {
  expect(wrong("attic/box.ts", "")).toHaveLength(1);
  expect(wrong("cli/main.ts", 'import { a } from "../attic/box.ts";')).toHaveLength(1);
});
