import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { RunnableLambda } from "../../src/index.ts";
import { all } from "./support.ts";

const letters = RunnableLambda.from(function* (word: string) {
  yield* word;
});

describe("what stream returns", () => {
  it.each<[string, (stream: ReadableStream<string>) => Promise<string>]>([
    ["a reader", async (stream) => (await stream.getReader().read()).value ?? ""],
    ["Response", (stream) => new Response(stream.pipeThrough(new TextEncoderStream())).text()],
    ["tee", async (stream) => (await all(stream.tee()[1])).join("")],
    ["Readable.fromWeb", async (stream) => (await Readable.fromWeb(stream as never).toArray()).join("")],
    ["values", async (stream) => (await all(stream.values())).join("")],
  ])("is a web stream for %s", async (consumer, consume) => {
    const stream = await letters.stream("abc");
    expect(stream).toBeInstanceOf(ReadableStream);
    expect(stream.locked).toBe(false);
    expect(await consume(stream)).toBe(consumer === "a reader" ? "a" : "abc");
  });

  it("is locked while it is iterated", async () => {
    const stream = await letters.stream("abc");
    await stream.next();
    expect(stream.locked).toBe(true);
    expect(() => stream.getReader()).toThrow(TypeError);
  });
});
