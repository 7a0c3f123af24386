import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RecordWriter } from "../../src/cli/output/record-writer.ts";
import type { Sink } from "../../src/cli/output/sink.ts";

/** A pair of sinks that remember all writes in the order in which they came. */
function recordingSinks(write: (text: string) => void | Promise<void> = () => {}) {
  const writes: [file: string, text: string][] = [];
  const closed: string[] = [];
  const sink = (file: string): Sink => ({
    write: (text) => {
      writes.push([file, text]);
      return write(text);
    },
    close: () => void closed.push(file),
  });
  return { writes, closed, output: sink("output"), errors: sink("errors") };
}

describe("RecordWriter", () => {
  it("writes the records of each file in their order, in one piece each", async () => {
    const { writes, closed, output, errors } = recordingSinks();
    const writer = new RecordWriter(output, errors);
    for (const [file, line] of ["o0", "o1", "e2", "e3", "o4"].map((text) => [text[0], text] as const)) {
      if (file === "o") writer.output(line);
      else writer.error(line);
    }
    expect(writes).toEqual([]);
    await writer.close();
    expect(writes).toEqual([
      ["errors", "e2e3"],
      ["output", "o0o1o4"],
    ]);
    expect(closed).toEqual(["output", "errors"]);
  });

  it("keeps that order when sinks are slow and flushes overlap", async () => {
    const step = fc.constantFrom("output", "error", "flush", "wait");
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { writes, output, errors } = recordingSinks(() => new Promise((resolve) => setImmediate(resolve)));
        const writer = new RecordWriter(output, errors);
        const expected = { output: "", error: "" };
        for (const [index, action] of steps.entries()) {
          if (action === "flush") void writer.flush();
          else if (action === "wait") await new Promise((resolve) => setImmediate(resolve));
          else {
            expected[action] += `${action}${index};`;
            void writer[action](`${action}${index};`);
          }
        }
        await writer.close();
        const written = (file: string) => writes.flatMap(([to, text]) => (to === file ? text : [])).join("");
        expect({ output: written("output"), error: written("errors") }).toEqual(expected);
      }),
    );
  });

  it("writes synchronously to synchronous sinks, so that a dying process can flush", () => {
    const { writes, output, errors } = recordingSinks();
    const writer = new RecordWriter(output, errors);
    writer.output("a");
    expect(writer.flush()).toBeUndefined();
    expect(writes).toEqual([["output", "a"]]);
  });

  it("does not collect more than it should", () => {
    const { writes, output, errors } = recordingSinks();
    const writer = new RecordWriter(output, errors);
    for (let count = 0; count < 1000; count++) writer.output("x".repeat(1024));
    expect(writes.length).toBeGreaterThanOrEqual(3);
  });

  it.each([
    [
      "synchronously",
      () => {
        throw new Error("disk full");
      },
    ],
    ["asynchronously", () => Promise.reject(new Error("disk full"))],
  ])("writes nothing after a write that failed %s, and says so again and again", async (_how, write) => {
    const { writes, closed, output, errors } = recordingSinks(write);
    const writer = new RecordWriter(output, errors);
    writer.output("a");
    writer.error("b");
    await expect(async () => writer.flush()).rejects.toThrow("disk full");
    await expect(async () => writer.flush()).rejects.toThrow("disk full");
    await expect(writer.close()).rejects.toThrow("disk full");
    expect(writes).toEqual([["errors", "b"]]);
    expect(closed).toEqual(["output", "errors"]);
  });
});
