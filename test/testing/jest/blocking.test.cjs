// Run by Jest: one test that passes, and two that fail.
const { readFileSync } = require("node:fs");
const { RunnableLambda } = require("runlane");

test("waits", () => RunnableLambda.from(async (x) => x).invoke(1));
test("reads", () => RunnableLambda.from(() => readFileSync(__filename), { name: "reads" }).invoke(1));
test("computes", () =>
  RunnableLambda.from(function computes() {
    const start = process.cpuUsage();
    while (process.cpuUsage(start).user < 300_000);
  }).invoke(1));
