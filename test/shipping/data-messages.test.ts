import { fork } from "node:child_process";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { pack, unpack } from "../../src/shipping/data/pack.ts";
import { transfer } from "../../src/shipping/data/transfer.ts";

function value() {
  const shared = { list: [1n, -0, undefined, "\ud800"] };
  const error = Object.assign(new RangeError("no", { cause: new TypeError("why") }), { code: "E", shared });
  const bytes = Buffer.from("some bytes");
  const floats = new Float64Array(8).subarray(2, 4);
  return {
    shared,
    again: [shared],
    error,
    bytes,
    floats,
    map: new Map([[shared, new Set([error])]]),
    url: new URL("https://a.b"),
  };
}

describe("a message", () => {
  it("is the same to another thread and back", async () => {
    const worker = new Worker(new URL("./fixtures/echo-thread.mjs", import.meta.url));
    const sent = { ...value(), moved: transfer(new Uint8Array(1000).fill(7)) };
    const packed = pack(sent, "the step");
    worker.postMessage(packed.value, packed.transfer as ArrayBuffer[]);
    const [message] = await once(worker, "message");
    await worker.terminate();
    const { moved, ...rest } = unpack(message) as typeof sent;
    expect(rest).toStrictEqual(value());
    expect(sent.moved.length).toBe(0);
    expect(moved).toEqual(new Uint8Array(1000).fill(7));
  });

  it("is the same to another process and back", async () => {
    const child = fork(new URL("./fixtures/echo-process.mjs", import.meta.url), { serialization: "advanced" });
    const packed = pack(value(), "the step", { shared: false });
    child.send(packed.value as object);
    const [message] = await once(child, "message");
    child.kill();
    const arrived = unpack(message) as ReturnType<typeof value>;
    expect(arrived).toStrictEqual(value());
    expect(arrived.again[0]).toBe(arrived.shared);
    expect(arrived.floats.buffer.byteLength).toBe(16);
  });
});
