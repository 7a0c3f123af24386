import { MessageChannel } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { explainFailure, pack } from "../../src/shipping/data/pack.ts";
import { transfer } from "../../src/shipping/data/transfer.ts";
import { TRANSPORTS } from "./data-transports.ts";

const [threads, processes] = TRANSPORTS as [(typeof TRANSPORTS)[0], (typeof TRANSPORTS)[1]];

describe("transfer", () => {
  it("gives back the value that it marks", () => {
    const value = { pixels: new Uint8Array(4) };
    expect(transfer(value)).toBe(value);
    expect(transfer(5)).toBe(5);
    expect(transfer(null)).toBeNull();
  });

  it("moves all buffers inside a value, once it is sent to another thread", () => {
    const value = {
      pixels: Float64Array.of(1, 2),
      list: [new Map([["raw", Uint8Array.of(3).buffer]])],
      other: "kept",
    };
    const [raw] = value.list[0]!.values();
    const packed = pack(transfer(value), "the step");
    expect(value.pixels.byteLength).toBe(16);
    expect(packed.transfer).toEqual([value.pixels.buffer, raw]);
    transfer(value);
    const arrived = threads.send(value);
    expect(value.pixels.byteLength).toBe(0);
    expect(raw?.byteLength).toBe(0);
    expect([...arrived.pixels]).toEqual([1, 2]);
    expect(arrived.other).toBe("kept");
  });

  it("holds for a part of what travels, or for a buffer alone", () => {
    const [moved, copied] = [Uint8Array.of(1), Uint8Array.of(2)];
    expect(threads.send({ moved: transfer(moved), copied })).toEqual({
      moved: Uint8Array.of(1),
      copied: Uint8Array.of(2),
    });
    expect([moved.length, copied.length]).toEqual([0, 1]);
    const buffer = new ArrayBuffer(8);
    expect(threads.send(transfer(buffer)).byteLength).toBe(8);
    expect(buffer.byteLength).toBe(0);
    const view = Uint8Array.of(5, 6, 7);
    transfer(view.buffer);
    expect([...threads.send([view.subarray(1)])[0]]).toEqual([6, 7]);
    expect(view.length).toBe(0);
  });

  it("moves only what is listed", () => {
    const [first, second] = [Uint8Array.of(1), Uint8Array.of(2)];
    const arrived = threads.send(transfer({ first, second }, [first.buffer]));
    expect([first.length, second.length]).toEqual([0, 1]);
    expect(arrived).toEqual({ first: Uint8Array.of(1), second: Uint8Array.of(2) });
  });

  it("holds for one call", () => {
    const value = { pixels: Uint8Array.of(1) };
    transfer(value);
    pack(value, "the step");
    expect(pack(value, "the step").transfer).toEqual([]);
    expect(value.pixels.length).toBe(1);
  });

  it("copies a slice of Node's pool, which cannot move", () => {
    const text = Buffer.from("pooled");
    const arrived = threads.send(transfer({ text }));
    expect(arrived.text.toString()).toBe("pooled");
    expect(text.toString()).toBe("pooled");
    const own = Buffer.from(Uint8Array.of(1, 2).buffer);
    expect([...threads.send(transfer([own]))[0]]).toEqual([1, 2]);
    expect(own.length).toBe(0);
  });

  it("copies between processes", () => {
    const value = { pixels: Uint8Array.of(1, 2) };
    expect(processes.send(transfer(value, [value.pixels.buffer]))).toEqual({ pixels: Uint8Array.of(1, 2) });
    expect(value.pixels.length).toBe(2);
  });

  it("moves ports and streams between threads", () => {
    const { port1, port2 } = new MessageChannel();
    const arrived = threads.send({ port: transfer(port1), stream: transfer(new ReadableStream()) });
    expect(arrived.stream).toBeInstanceOf(ReadableStream);
    expect(typeof arrived.port.postMessage).toBe("function");
    port2.close();
    arrived.port.close();
    expect(() => processes.send({ port: transfer(new MessageChannel().port1) })).toThrow(
      "input.port is an instance of MessagePort",
    );
  });

  it.each([
    ["an ArrayBuffer", (pixels: Uint8Array) => ({ pixels: pixels.buffer })],
    ["a view", (pixels: Uint8Array) => ({ pixels })],
    ["a marked view", (pixels: Uint8Array) => transfer({ pixels })],
    ["a listed buffer", (pixels: Uint8Array) => transfer({ pixels }, [pixels.buffer])],
  ])("refuses what was moved already: %s", (_, wrap) => {
    const pixels = Uint8Array.of(1);
    threads.send(transfer(pixels));
    for (const { send } of TRANSPORTS)
      expect(() => send(wrap(pixels))).toThrow(
        /input(\.pixels)? is .* buffer|ArrayBuffer that was moved to another thread already/i,
      );
  });

  it("explains a message that could not be sent because a buffer was moved meanwhile", () => {
    const pixels = Uint8Array.of(1);
    const packed = pack({ pixels }, "the step");
    structuredClone(pixels, { transfer: [pixels.buffer] });
    const failure = explainFailure(packed.value, "the step", new Error("DataCloneError"));
    expect(failure.message).toContain("input.pixels is a view of a buffer that was moved to another thread already");
  });

  it.each([[[new Uint8Array(1)]], [[5]], ["list"], [[new SharedArrayBuffer(1)]]])(
    "refuses a list of something else: %o",
    (list) => {
      expect(() => transfer({}, list as object[])).toThrowError(
        expect.objectContaining({
          code: "RUNLANE_INVALID_OPTION",
          message: expect.stringContaining("transfer: list must be an array of ArrayBuffers"),
        }),
      );
    },
  );
});
