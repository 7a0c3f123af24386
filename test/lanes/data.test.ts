import { describe, expect, it } from "vitest";
import { transfer } from "../../src/shipping/data/transfer.ts";
import { KINDS, open, stageOf } from "./helpers.ts";

describe.each(KINDS)("data on its way to workers and back: %s", (kind) => {
  it("arrives as it was", async () => {
    await using lane = open(kind, { max: 1 });
    const circular: Record<string, unknown> = { map: new Map([[1, new Set(["a"])]]), date: new Date(7), big: 5n };
    circular.self = circular;
    const value = { bytes: new Uint8Array([1, 2]), buffer: Buffer.from("x"), nothing: undefined, circular };
    expect(await lane.run(stageOf("echo"), value)).toEqual(value);
  });

  it("keeps class, code and stack of errors", async () => {
    await using lane = open(kind, { max: 1 });
    const error: Error = await lane.run(stageOf("fail"), 3).then(
      () => expect.unreachable(),
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ name: "RangeError", message: "no 3", code: "E_NO" });
    expect(error.stack).toContain("steps.mjs");
  });
});

describe("transferred buffers", () => {
  it("move to a thread", async () => {
    await using lane = open("thread", { max: 1 });
    const array = new Uint8Array(1024);
    const output = (await lane.run(stageOf("fill"), transfer(array))) as Uint8Array;
    expect(array.byteLength).toBe(0);
    expect(output).toHaveLength(1024);
    expect(output[1023]).toBe(7);
  });

  it("stay when the call is refused before it is sent", async () => {
    await using lane = open("thread", { max: 1 });
    const array = new Uint8Array(8);
    await expect(lane.run(stageOf("fill"), transfer(array), { signal: AbortSignal.abort() })).rejects.toThrow();
    expect(array.byteLength).toBe(8);
  });

  it("are shared with threads when they are shared", async () => {
    await using lane = open("thread", { max: 1 });
    const shared = new Uint8Array(new SharedArrayBuffer(4));
    await lane.run(stageOf("fill"), shared);
    expect([...shared]).toEqual([7, 7, 7, 7]);
  });
});
