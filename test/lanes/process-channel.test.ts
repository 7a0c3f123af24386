import { describe, expect, it } from "vitest";
import { everything } from "../everything.ts";
import { open, range, stageOf } from "./helpers.ts";

describe("a child process", () => {
  it.each(everything ? ["sends", "forges", "disconnects", "stopsListening"] : ["forges", "disconnects"])(
    "has a channel of its own, which user code does not meet: %s",
    async (exportName) => {
      await using lane = open("process", { max: 2 });
      const stage = stageOf(exportName, "own-messages");
      const outcomes = await Promise.all(range(30).map((value) => lane.run(stage, value)));
      expect(outcomes).toEqual(range(30).map((value) => value * 10));
    },
  );

  it("shows user code none of the messages between Runlane and the worker", async () => {
    await using lane = open("process", { max: 1 });
    const stage = stageOf("listens", "own-messages");
    await Promise.all(range(10).map((value) => lane.run(stage, value)));
    await expect(lane.run(stage, 0)).resolves.toEqual([]);
  });
});
