import fc from "fast-check";
import { expect, it } from "vitest";
import { Fifo } from "../../src/core/fifo.ts";

it("gives back what came in, in order, whatever is pushed and taken in between", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -200, max: 200 }), { maxLength: 60 }), (moves) => {
      const fifo = new Fifo<number>();
      const model: number[] = [];
      let next = 0;
      for (const move of moves) {
        for (let k = 0; k < move; k++) {
          fifo.push(next);
          model.push(next++);
        }
        for (let k = 0; k > move; k--) expect(fifo.shift()).toBe(model.shift());
        expect(fifo.length).toBe(model.length);
      }
    }),
  );
});

it("is empty when it has been cleared", () => {
  const fifo = new Fifo<string>();
  fifo.push("a");
  fifo.clear();
  expect([fifo.length, fifo.shift()]).toEqual([0, undefined]);
});
