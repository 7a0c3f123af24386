import { describe, expect, it } from "vitest";
import type { Lane } from "../../src/lanes/lane.ts";
import { everything } from "../everything.ts";
import { KINDS, open, stageOf } from "./helpers.ts";

async function collect(lane: Lane, name: string, input: unknown): Promise<unknown[]> {
  const chunks: unknown[] = [];
  for await (const chunk of lane.stream(stageOf(name), input)) chunks.push(chunk);
  return chunks;
}

describe.each(KINDS)("streams from workers: %s", (kind) => {
  // The parent's side is one for both kinds, so what goes the same way there is run with the quicker one.
  const once = it.runIf(everything || kind === "thread");

  it("produce no more than the reader has room for", async () => {
    await using lane = open(kind, { max: 1 });
    const stream = lane.stream(stageOf("produce"), 0);
    for (let read = 0; read < 10; read++) await stream.next();
    const { produced } = (await lane.run(stageOf("observed"), 0)) as { produced: number };
    expect(produced).toBeLessThanOrEqual(64);
    await stream.return(undefined);
  });

  once("fail when their worker dies", async () => {
    await using lane = open(kind, { max: 1 });
    await expect(collect(lane, "exitAfter", 3)).rejects.toMatchObject({ code: "RUNLANE_WORKER_CRASHED" });
    await expect(collect(lane, "count", 3)).resolves.toEqual([0, 1, 2]);
  });
});
