import { describe, expect, it } from "vitest";
import type { Lane } from "../../src/lanes/lane.ts";
import { KINDS, open, range, stageOf } from "./helpers.ts";

async function collect(lane: Lane, name: string, input: unknown, options = {}): Promise<unknown[]> {
  const chunks: unknown[] = [];
  for await (const chunk of lane.stream(stageOf(name), input, options)) chunks.push(chunk);
  return chunks;
}

describe.each(KINDS)("streams from workers: %s", (kind) => {
  it.each(["count", "countAtOnce"])("give all chunks in order: %s", async (name) => {
    await using lane = open(kind, { max: 1 });
    await expect(collect(lane, name, 1000)).resolves.toEqual(range(1000));
  });

  it("give the output of a plain function as one chunk", async () => {
    await using lane = open(kind, { max: 1 });
    await expect(collect(lane, "double", 4)).resolves.toEqual([8]);
  });

  it("produce no more than the reader has room for", async () => {
    await using lane = open(kind, { max: 1 });
    const stream = lane.stream(stageOf("produce"), 0);
    for (let read = 0; read < 10; read++) await stream.next();
    const { produced } = (await lane.run(stageOf("observed"), 0)) as { produced: number };
    expect(produced).toBeLessThanOrEqual(64);
    await stream.return(undefined);
  });

  it("end the generator in the worker when the loop is left", async () => {
    await using lane = open(kind, { max: 1 });
    for await (const chunk of lane.stream(stageOf("produce"), 0)) if (chunk === 3) break;
    await expect(lane.run(stageOf("observed"), 0)).resolves.toMatchObject({ closed: 1 });
    expect(lane.capacity.busy).toBe(0);
  });

  it("fail with what the generator threw, after its chunks", async () => {
    await using lane = open(kind, { max: 1 });
    const chunks: unknown[] = [];
    const read = async () => {
      for await (const chunk of lane.stream(stageOf("failAfter"), 3)) chunks.push(chunk);
    };
    await expect(read()).rejects.toMatchObject({ name: "RangeError", message: "no more" });
    expect(chunks).toEqual([0, 1, 2]);
  });

  it("fail when their worker dies", async () => {
    await using lane = open(kind, { max: 1 });
    await expect(collect(lane, "exitAfter", 3)).rejects.toMatchObject({ code: "RUNLANE_WORKER_CRASHED" });
    await expect(collect(lane, "count", 3)).resolves.toEqual([0, 1, 2]);
  });

  it("fail when no worker can load their stage", async () => {
    await using lane = open(kind, { max: 1 });
    const stream = lane.stream(stageOf("step", "throws"), 0);
    await expect(stream.next()).rejects.toMatchObject({ code: "RUNLANE_WORKER_START" });
  });

  it("end when they are aborted, whatever the generator does", async () => {
    await using lane = open(kind, { max: 1, graceMs: 20 });
    const controller = new AbortController();
    const stream = lane.stream(stageOf("deaf"), 0, { signal: controller.signal });
    await expect(stream.next()).resolves.toEqual({ done: false, value: 1 });
    const next = stream.next();
    controller.abort();
    await expect(next).rejects.toMatchObject({ name: "AbortError" });
    await expect(lane.run(stageOf("double"), 2)).resolves.toBe(4);
  });

  it("run beside calls in one worker", async () => {
    await using lane = open(kind, { max: 1 });
    const outputs: unknown[] = [];
    for await (const chunk of lane.stream(stageOf("count"), 5)) outputs.push(await lane.run(stageOf("double"), chunk));
    expect(outputs).toEqual([0, 2, 4, 6, 8]);
  });
});
