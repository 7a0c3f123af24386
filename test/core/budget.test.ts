import { expect, it } from "vitest";
import { Budget } from "../../src/core/budget.ts";

it("a budget of n gives n slots and no more", () => {
  const { slot } = new Budget(3);
  expect([slot.take(), slot.take(), slot.take()].every((taken) => taken !== null)).toBe(true);
  expect(slot.take()).toBeNull();
});

it("a holder lends its own slot to its first branch, even when all others are taken", () => {
  const { slot } = new Budget(1);
  const branch = slot.take();
  expect(branch).not.toBeNull();
  expect(branch?.take()).not.toBeNull();
  expect(slot.take()).toBeNull();
});

it("a released slot can be taken again", () => {
  const { slot } = new Budget(2);
  const first = slot.take();
  const second = slot.take();
  second?.release();
  expect(slot.take()).not.toBeNull();
  first?.release();
  expect(slot.take()).not.toBeNull();
  expect(slot.take()).toBeNull();
});

it("who waits is called when a slot is released", () => {
  const { slot } = new Budget(2);
  slot.take();
  const second = slot.take();
  let called = 0;
  slot.wait(() => called++);
  expect(called).toBe(0);
  second?.release();
  expect(called).toBe(1);
});

it("a narrower budget is bounded by itself and by the one around it", () => {
  const outer = new Budget(3);
  const narrow = outer.slot.narrow(2);
  expect([narrow.take(), narrow.take(), narrow.take()].map((taken) => taken !== null)).toEqual([true, true, false]);
  const wide = new Budget(2).slot.narrow(5);
  expect([wide.take(), wide.take(), wide.take()].map((taken) => taken !== null)).toEqual([true, true, false]);
});
