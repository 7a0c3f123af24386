import fc from "fast-check";
import { expect, it } from "vitest";
import { concat, Joiner } from "../../../src/core/streams/concat.ts";
import { Aggregate } from "../../../src/core/streams/joins.ts";

/** Two elements and a hole between them. */
function sparse(first: number, last: number): number[] {
  const made = [first];
  made[2] = last;
  return made;
}
const plain = { noNullPrototype: true };
const key = fc.constantFrom("a", "b", "__proto__");
const { chunk } = fc.letrec((tie) => ({
  chunk: fc.oneof(
    { maxDepth: 3 },
    fc.string({ maxLength: 2 }),
    fc.integer(),
    fc.constantFrom(null, undefined),
    fc.array(fc.integer(), { maxLength: 3 }),
    fc.constant(sparse(1, 3)),
    fc.dictionary(key, tie("chunk"), { maxKeys: 3, ...plain }),
  ),
}));
/** Chunks of one kind, which can be joined more often than not. */
const chunks = fc.oneof(
  fc.array(fc.array(chunk, { maxLength: 3 }), { maxLength: 8 }),
  fc.array(fc.dictionary(key, chunk, { maxKeys: 3, ...plain }), { maxLength: 8 }),
  fc.array(fc.record({ a: fc.record({ b: fc.string(), c: fc.array(fc.nat()) }, plain) }, plain), { maxLength: 8 }),
  fc.array(chunk, { maxLength: 8 }),
);

/** The chunks joined two by two, each time anew. */
function pairwise(all: readonly unknown[]): unknown {
  return all.reduce((joined, next) => concat(joined, next), undefined);
}

function outcome(run: () => unknown): unknown {
  try {
    return { value: run() };
  } catch (error) {
    return { code: (error as { code: string }).code };
  }
}

it("chunks joined one after the other are what they are when joined two by two", () => {
  fc.assert(
    fc.property(chunks, (all) => {
      const joiner = new Joiner();
      const joined = outcome(() => {
        for (const one of all) joiner.add(one);
        return joiner.value;
      });
      expect(joined).toStrictEqual(outcome(() => pairwise(all)));
    }),
  );
});

it("neither the chunks nor what has been read of them change when more chunks come", () => {
  fc.assert(
    fc.property(chunks, (all) => {
      const before = structuredClone(all);
      const aggregate = new Aggregate();
      const seen: { value: unknown; copy: unknown }[] = [];
      for (const one of all) {
        aggregate.add(one);
        seen.push({ value: aggregate.value, copy: structuredClone(aggregate.value) });
      }
      expect(all).toStrictEqual(before);
      for (const { value, copy } of seen) expect(value).toStrictEqual(copy);
    }),
  );
});

it("holes in arrays stay holes", () => {
  const joiner = new Joiner();
  for (const one of [[0], sparse(1, 3), sparse(4, 6)]) joiner.add(one);
  expect(Object.keys(joiner.value as object)).toEqual(["0", "1", "3", "4", "6"]);
});

it("the last chunk counts from the first one on that cannot be joined", () => {
  const aggregate = new Aggregate();
  for (const one of [{ a: "b" }, { a: "c" }, true, { a: "d" }, "e"]) aggregate.add(one);
  expect(aggregate.value).toBe("e");
});
