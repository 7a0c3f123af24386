import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { duplicateOf } from "../../examples/docs-index/duplicates.ts";
import { pack, similarity, unpack } from "../../examples/docs-index/vectors.ts";
import { everything } from "../everything.ts";

/** The trained model itself. In a process of its own, as its step goes to threads, and what Vitest has rewritten cannot. */
async function encode(texts: readonly string[]): Promise<[together: Float32Array[], alone: Float32Array[]]> {
  const args = ["--import", "tsx", fileURLToPath(new URL("fixtures/encode.mjs", import.meta.url)), ...texts];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1e7 });
  return JSON.parse(stdout).map((vectors: number[][]) => vectors.map((vector) => Float32Array.from(vector)));
}

// The example itself, which scripts/examples.mjs runs, asks the model a question and looks at its answer.
describe.runIf(everything)("the model", async () => {
  const [together, alone] = everything
    ? await encode([
        "How do I run only a few requests at the same time?",
        "The concurrency option limits how many calls are in flight.",
        "This software is licensed under the terms of the MIT license.",
        " ",
      ])
    : [[], []];
  const [asked, near, far] = together;

  test("a passage that answers a question is nearer to it than one that does not", () => {
    expect(similarity(asked!, near!)).toBeGreaterThan(similarity(asked!, far!) + 0.05);
  });

  test("a text has the same vector alone and with others, and one without words has one too", () => {
    for (const [at, vector] of together.entries()) {
      expect(vector.length).toBe(512);
      expect(similarity(vector, alone[at]!)).toBeGreaterThan(0.9999);
    }
  });
});

/** A vector as long as the model's, which points somewhere of its own. */
const vectorOf = (seed: number): Float32Array =>
  Float32Array.from({ length: 512 }, (_, at) => Math.sin((at + 1) * seed));
const [asked, near, far] = [vectorOf(1), vectorOf(2), vectorOf(3)];

test("a packed vector keeps its direction in 512 bytes", () => {
  const packed = pack(asked);
  expect(Buffer.from(packed, "base64").length).toBe(512);
  expect(similarity(unpack(packed), asked)).toBeGreaterThan(0.999);
  expect(unpack(pack([0, 0]))).toEqual(new Int8Array(2));
});

test("a document is told with the one before it that says nearly the same, whichever comes first", () => {
  expect(duplicateOf({ path: "b", vectors: [near, far] })).toBeNull();
  expect(duplicateOf({ path: "a", vectors: [asked] })).toBeNull();
  expect(duplicateOf({ path: "c", vectors: [far, near] })).toEqual({ path: "b", similarity: 1 });
  // Again, with all known: nothing is a duplicate of itself, or of what comes after it.
  expect(duplicateOf({ path: "b", vectors: [near, far] })).toBeNull();
});
