import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stepNames } from "../../src/cli/pipeline/load-pipeline.ts";
import { problemOf } from "../../src/cluster/brokers/redis/open.ts";
import { moduleGraph } from "../../src/cluster/pipeline/module-graph.ts";
import { pipelineQueue } from "../../src/cluster/pipeline/pipeline-queue.ts";
import { scratchFolder } from "../cli/scratch.ts";

/** A program of two files and a package. */
function program(): { folder: string; entry: string; write(name: string, text: string): void } {
  const folder = scratchFolder();
  const write = (name: string, text: string): void => {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  write(
    "main.ts",
    'import { help } from "./lib/help.js";\nimport zod from "zod";\nimport fs from "node:fs";\nexport default help;',
  );
  write("lib/help.ts", 'export const help = async () => (await import("../data.json")).default;');
  write("data.json", "1");
  write("node_modules/zod/package.json", '{ "version": "4.1.0" }');
  return { folder, entry: join(folder, "main.ts"), write };
}

test("a pipeline is its modules, wherever they import each other from, and the versions of its packages", () => {
  const { folder, entry } = program();
  const { files, packages } = moduleGraph(entry);
  expect(files.map((file) => file.slice(folder.length + 1))).toEqual(["data.json", "lib/help.ts", "main.ts"]);
  expect(packages).toEqual(["zod@4.1.0"]);
});

test("the steps of a module are its default export, or all exports that can be one", async () => {
  const { folder, write } = program();
  write("one.mjs", "export default (x) => x;\nexport const other = (x) => x;");
  write("many.mjs", "export const a = (x) => x;\nexport const b = { lc_runnable: true };\nexport const c = 3;");
  write("none.mjs", "export const c = 3;");
  const names = (file: string) => stepNames(join(folder, file));
  expect(await Promise.all([names("one.mjs"), names("many.mjs"), names("none.mjs")])).toEqual([
    ["default"],
    ["a", "b"],
    [],
  ]);
});

test("a queue is the same for the same files, and another one as soon as anything has changed", () => {
  const [one, other] = [program(), program()];
  const queue = pipelineQueue(one.entry);
  expect(queue).toMatch(/^main-[0-9a-f]{12}$/);
  expect(pipelineQueue(other.entry)).toBe(queue);
  const changes: [string, string][] = [
    ["lib/help.ts", "export const help = () => 2;"],
    ["data.json", "2"],
    ["node_modules/zod/package.json", '{ "version": "4.2.0" }'],
  ];
  for (const [name, text] of changes) {
    const changed = program();
    changed.write(name, text);
    expect(pipelineQueue(changed.entry), name).not.toBe(queue);
  }
});

test.each([
  ["redis_version:5.0.7", "6.2 or newer"],
  ["redis_version:7.2.0\nmaxmemory_policy:allkeys-lru", "noeviction"],
  ["redis_version:7.2.0\r\naof_enabled:0\r\nmaxmemory_policy:noeviction", "appendonly yes"],
  ["redis_version:7.2.0\naof_enabled:1\nrole:slave", "replica"],
])("a Redis that could lose work is refused: %j", (info, words) => {
  expect(problemOf(info, false)).toContain(words);
});

test("a Redis that is set up well is taken, and one without a disk if that is asked for", () => {
  expect(
    problemOf("redis_version:7.2.0\naof_enabled:1\nmaxmemory_policy:noeviction\nrole:master", false),
  ).toBeUndefined();
  expect(problemOf("redis_version:7.2.0\naof_enabled:0", true)).toBeUndefined();
  expect(problemOf("redis_version:7.2.4\nvalkey_version:8.0.1\naof_enabled:1", false)).toBeUndefined();
});
