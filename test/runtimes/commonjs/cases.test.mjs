import * as runlane from "runlane";
import casesOf from "./cases.cjs";

test.each(Object.entries(casesOf(runlane)))("%s", async (_, run) => {
  expect(await run()).toBe(42);
});
