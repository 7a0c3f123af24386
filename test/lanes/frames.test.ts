import v8 from "node:v8";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameReader, type FrameSink, writeFrame } from "../../src/lanes/protocol/frames.ts";

function written(messages: readonly unknown[]): Buffer {
  const parts: Uint8Array[] = [];
  const sink: FrameSink = { cork() {}, uncork() {}, write: (bytes) => parts.push(bytes) > 0 };
  for (const message of messages) writeFrame(v8, sink, message);
  return Buffer.concat(parts);
}

function reading(): { reader: FrameReader; messages: unknown[]; broken: unknown[] } {
  const messages: unknown[] = [];
  const broken: unknown[] = [];
  const reader = new FrameReader(
    v8,
    (message) => messages.push(message),
    (error) => broken.push(error),
  );
  return { reader, messages, broken };
}

describe("messages as bytes", () => {
  it("arrive whole and in order, however the bytes are cut", () => {
    const message = fc.oneof(fc.string(), fc.integer(), fc.constant("x".repeat(70_000)), fc.array(fc.string()));
    fc.assert(
      fc.property(fc.array(message), fc.array(fc.integer({ min: 1, max: 40_000 })), (messages, cuts) => {
        const { reader, messages: got } = reading();
        let bytes = written(messages);
        for (const cut of cuts) {
          reader.push(bytes.subarray(0, cut));
          bytes = bytes.subarray(cut);
        }
        reader.push(bytes);
        expect(got).toEqual(messages);
      }),
      { numRuns: 50 },
    );
  });

  it("that cannot be read are told of once, and what came before them has arrived", () => {
    const { reader, messages, broken } = reading();
    const bytes = written(["one", "two", "three"]);
    // The version of the format in the second message.
    bytes[written(["one"]).byteLength + 8] = 0;
    reader.push(bytes);
    reader.push(written(["four"]));
    expect(messages).toEqual(["one"]);
    expect(broken).toHaveLength(1);
  });

  it("are told from what others write", () => {
    const { reader, messages, broken } = reading();
    reader.push(Buffer.from("garbage on the pipe"));
    expect(messages).toEqual([]);
    expect(broken).toEqual([expect.objectContaining({ message: expect.stringContaining("Something else") })]);
  });

  it("are not written at all when a value cannot be sent", () => {
    const parts: Uint8Array[] = [];
    const sink: FrameSink = { cork() {}, uncork() {}, write: (bytes) => parts.push(bytes) > 0 };
    expect(() => writeFrame(v8, sink, { f: () => 1 })).toThrow();
    expect(parts).toEqual([]);
  });
});
