const runlane = require("runlane");
const casesOf = require("./cases.cjs");

test.each(Object.entries(casesOf(runlane)))("%s", async (_, run) => {
  expect(await run()).toBe(42);
});
