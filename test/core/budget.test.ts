import fc from "fast-check";
import { expect, it } from "vitest";
import { Budget, type Slot } from "../../src/core/budget.ts";

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

/** Somebody who takes slots while there is something to do, as a fan-out does; counts how often it was woken. */
function taker(slot: Slot, wanted: number) {
  const held: Slot[] = [];
  const state = { held, woken: 0, served: 0 };
  const go = (): void => {
    while (wanted > 0) {
      const taken = slot.take();
      if (taken === null) {
        slot.wait(() => {
          state.woken++;
          go();
        });
        return;
      }
      wanted--;
      held.push(taken);
    }
  };
  go();
  return state;
}

it("a release wakes one who waits, however many wait and whichever slot they wait for", () => {
  const { slot } = new Budget(8);
  const holders = Array.from({ length: 4 }, () => slot.take() as Slot);
  const takers = holders.map((holder) => taker(holder, 100));
  for (let open = true; open; ) {
    open = false;
    for (const state of takers) {
      const taken = state.held.shift();
      if (taken === undefined) continue;
      open = true;
      state.served++;
      taken.release();
    }
  }
  expect(takers.map(({ served }) => served)).toEqual([100, 100, 100, 100]);
  expect(takers.reduce((sum, { woken }) => sum + woken, 0)).toBeLessThanOrEqual(400);
});

it("who waits for a narrow budget is not woken by slots of the one around it", () => {
  const outer = new Budget(10).slot;
  const narrow = outer.narrow(2);
  const inner = taker(narrow, 5);
  const others = taker(outer, 3);
  expect([inner.held.length, others.held.length]).toEqual([2, 3]);
  others.held.shift()?.release();
  others.held.pop()?.release();
  expect(inner.woken).toBe(0);
  inner.held.pop()?.release();
  expect([inner.woken, inner.held.length]).toEqual([1, 2]);
});

it("whoever waits gets what they want in the end, in budgets inside budgets, and no budget is exceeded", () => {
  const limits = fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(9)), { minLength: 1, maxLength: 6 });
  const wants = fc.array(fc.tuple(fc.nat(9), fc.nat(20)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(limits, wants, fc.infiniteStream(fc.nat(99)), (sizes, wanted, choices) => {
      const slots: { slot: Slot; limit: number; around: number }[] = [];
      for (const [limit, around] of sizes) {
        const outer = slots[around % Math.max(1, slots.length)];
        const slot = outer === undefined ? new Budget(limit).slot : outer.slot.narrow(limit);
        slots.push({ slot, limit, around: outer === undefined ? -1 : slots.indexOf(outer) });
      }
      const takers = wanted.map(([at, count]) => {
        const index = at % slots.length;
        return { index, count, state: taker((slots[index] as (typeof slots)[number]).slot, count) };
      });
      for (;;) {
        for (const [index, { limit }] of slots.entries()) {
          const held = takers.filter((one) => one.index === index).flatMap(({ state }) => state.held);
          expect(held.length).toBeLessThanOrEqual(limit);
        }
        const holding = takers.filter(({ state }) => state.held.length > 0);
        const one = holding[choices.next().value % Math.max(1, holding.length)];
        if (one === undefined) break;
        one.state.served++;
        one.state.held.shift()?.release();
      }
      expect(takers.map(({ state }) => state.served)).toEqual(takers.map(({ count }) => count));
    }),
  );
});

it("fifty thousand that wake each other do not fill the stack", () => {
  const { slot } = new Budget(1);
  const only = slot.take() as Slot;
  let done = 0;
  for (let index = 0; index < 50_000; index++) {
    slot.wait(() => {
      done++;
      slot.take()?.release();
    });
  }
  only.release();
  expect(done).toBe(50_000);
});
