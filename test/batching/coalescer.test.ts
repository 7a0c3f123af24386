import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Coalescer, type CoalescerOptions, Gathering } from "../../src/batching/coalescer.ts";
import { HandTimers, settled } from "./support.ts";

class Inputs extends Gathering {
  readonly values: number[] = [];
}

type Options = Partial<Pick<CoalescerOptions<Inputs, unknown>, "maxBatchSize" | "maxWaitMs" | "maxConcurrentBatches">>;

/** A coalescer whose calls a test ends by hand. */
function coalesce({ maxBatchSize = 3, maxWaitMs = 10, maxConcurrentBatches = 1 }: Options = {}, isSync = false) {
  const timers = new HandTimers();
  const calls: { key: string; values: number[]; end: () => void; free: () => void }[] = [];
  const coalescer = new Coalescer<Inputs, unknown>({
    maxBatchSize,
    maxWaitMs,
    maxConcurrentBatches,
    timers,
    open: (key) => new Inputs(key),
    send({ key, values }, free) {
      let end = (): void => {};
      const going = new Promise<void>((resolve) => {
        end = resolve;
      });
      calls.push({ key, values, end, free });
      return isSync ? undefined : going;
    },
  });
  const add = (value: number, { key = "", weight = 1, soon = false } = {}): Inputs => {
    const batch = coalescer.place(key, undefined, weight);
    batch.values.push(value);
    coalescer.added(batch, soon);
    return batch;
  };
  const sent = () => calls.map(({ values }) => values);
  return { timers, calls, coalescer, add, sent };
}

describe("inputs are sent", () => {
  it("at once when they fill a call", () => {
    const { add, sent, timers } = coalesce();
    for (const value of [1, 2, 3]) add(value);
    expect(sent()).toEqual([[1, 2, 3]]);
    expect(timers.running).toBe(0);
  });

  it("after the longest wait of the first of them", () => {
    const { add, sent, timers } = coalesce();
    add(1);
    timers.pass(9);
    add(2);
    expect(sent()).toEqual([]);
    timers.pass(1);
    expect(sent()).toEqual([[1, 2]]);
    expect(timers.running).toBe(0);
  });

  it("with one timer for a call, whatever comes", () => {
    const { add, timers } = coalesce({ maxBatchSize: 100 });
    for (let value = 0; value < 99; value++) add(value);
    expect(timers.running).toBe(1);
  });

  it("at the end of the turn of microtasks when nobody is to wait", async () => {
    const { add, sent, timers } = coalesce({ maxWaitMs: 0 });
    add(1);
    queueMicrotask(() => add(2));
    expect(sent()).toEqual([]);
    await Promise.resolve();
    expect(sent()).toEqual([[1]]);
    expect(timers.running).toBe(0);
  });

  it("together with one for which nobody else is expected", async () => {
    const { add, sent, timers } = coalesce();
    add(1);
    add(2, { soon: true });
    await settled();
    expect(sent()).toEqual([[1, 2]]);
    expect(timers.running).toBe(0);
  });

  it("when a flush says that nobody else is expected", async () => {
    const { add, coalescer, sent } = coalesce();
    add(1);
    coalescer.flush();
    await settled();
    expect(sent()).toEqual([[1]]);
  });

  it("only together with those of their own key", () => {
    const { add, calls, timers } = coalesce({ maxConcurrentBatches: 9 });
    for (const value of [1, 2, 3, 4]) add(value, { key: value % 2 === 0 ? "even" : "odd" });
    timers.pass(10);
    expect(calls.map(({ key, values }) => [key, values])).toEqual([
      ["odd", [1, 3]],
      ["even", [2, 4]],
    ]);
  });
});

describe("a call that runs", () => {
  it("lets others gather, and is followed by them", async () => {
    const { add, calls, sent, timers } = coalesce();
    for (let value = 1; value <= 8; value++) add(value);
    timers.pass(100);
    expect(sent()).toEqual([[1, 2, 3]]);
    calls[0]?.end();
    await settled();
    expect(sent()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    add(9);
    calls[1]?.end();
    await settled();
    expect(sent()[2]).toEqual([7, 8, 9]);
  });

  it("lets what has waited long enough go on gathering until its turn", async () => {
    const { add, calls, sent, timers } = coalesce();
    for (const value of [1, 2, 3, 4]) add(value);
    timers.pass(50);
    add(5);
    calls[0]?.end();
    await settled();
    expect(sent()[1]).toEqual([4, 5]);
    expect(timers.running).toBe(0);
  });

  it("does not make those wait less who came during it", async () => {
    const { add, calls, sent, timers } = coalesce();
    for (const value of [1, 2, 3]) add(value);
    add(4);
    calls[0]?.end();
    await settled();
    expect(sent()).toHaveLength(1);
    timers.pass(10);
    expect(sent()[1]).toEqual([4]);
  });

  it("can be followed by a full call before its own results are handed on, and not by another one", () => {
    const { add, calls, sent, timers } = coalesce();
    for (const value of [1, 2, 3, 4]) add(value);
    timers.pass(10);
    calls[0]?.free();
    expect(sent()).toHaveLength(1);
    add(5);
    add(6);
    calls[0]?.free();
    calls[0]?.free();
    expect(sent()).toHaveLength(2);
  });

  it("shares the right to run with as many others as may", () => {
    const { add, sent } = coalesce({ maxBatchSize: 1, maxConcurrentBatches: 2 });
    for (const value of [1, 2, 3]) add(value);
    expect(sent()).toEqual([[1], [2]]);
  });

  it("that is over at once takes no place", () => {
    const { add, sent } = coalesce({ maxBatchSize: 1 }, true);
    for (const value of [1, 2, 3]) add(value);
    expect(sent()).toEqual([[1], [2], [3]]);
  });
});

describe("an input that leaves", () => {
  it("makes room for another one", () => {
    const { add, coalescer, sent } = coalesce();
    add(1);
    coalescer.left(add(2), 1);
    add(3);
    expect(sent()).toEqual([]);
    add(4);
    expect(sent()).toHaveLength(1);
  });

  it("takes the timer along when it was the last one", () => {
    const { add, coalescer, sent, timers } = coalesce();
    coalescer.left(add(1), 1);
    expect(timers.running).toBe(0);
    timers.pass(100);
    expect(sent()).toEqual([]);
  });

  it("takes its call out of the line when it was the last one", async () => {
    const { add, calls, coalescer, sent } = coalesce({ maxBatchSize: 1 });
    add(1);
    coalescer.left(add(2), 1);
    add(3);
    calls[0]?.end();
    await settled();
    expect(sent()).toEqual([[1], [3]]);
  });
});

describe("sizes", () => {
  it("add up to no more than the largest size", () => {
    const { add, sent, timers } = coalesce({ maxBatchSize: 10, maxConcurrentBatches: 9 });
    for (const weight of [4, 5, 3, 7, 1]) add(weight, { weight });
    timers.pass(10);
    expect(sent()).toEqual([[4, 5], [3, 7], [1]]);
  });

  it("above the largest size go alone", () => {
    const { add, sent, timers } = coalesce({ maxBatchSize: 10, maxConcurrentBatches: 9 });
    for (const weight of [2, 50, 3]) add(weight, { weight });
    timers.pass(10);
    expect(sent()).toEqual([[2], [50], [3]]);
  });

  it("of nothing never fill a call", () => {
    const { add, sent, timers } = coalesce();
    for (let value = 0; value < 10; value++) add(value, { weight: 0 });
    timers.pass(10);
    expect(sent()[0]).toHaveLength(10);
  });
});

describe("any course of events", () => {
  type Event =
    | { does: "add"; key: string; weight: number; soon: boolean }
    | { does: "pass"; ms: number }
    | { does: "end"; which: number }
    | { does: "leave"; which: number };

  const event: fc.Arbitrary<Event> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        does: fc.constant("add" as const),
        key: fc.constantFrom("a", "b"),
        weight: fc.integer({ min: 1, max: 4 }),
        soon: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ does: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 15 }) }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant("end" as const), which: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant("leave" as const), which: fc.nat(20) }) },
  );

  it("sends each input that stays once, in order, in calls of the right size, and never too many at once", async () => {
    const limits = fc.record({
      maxBatchSize: fc.integer({ min: 1, max: 6 }),
      maxWaitMs: fc.constantFrom(0, 10),
      maxConcurrentBatches: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(limits, fc.array(event, { maxLength: 60 }), async (options, events) => {
        const { timers, calls, coalescer } = coalesce(options);
        const weights: number[] = [];
        const waiting = new Map<number, { batch: Inputs; since: number; key: string }>();
        const kept = new Set<number>();
        const ended = new Set<number>();
        let seen = 0;
        const look = (): void => {
          for (; seen < calls.length; seen++) for (const value of calls[seen]?.values ?? []) waiting.delete(value);
          expect(calls.length - ended.size).toBeLessThanOrEqual(options.maxConcurrentBatches);
          if (calls.length - ended.size < options.maxConcurrentBatches)
            for (const { since } of waiting.values())
              expect(timers.now() - since).toBeLessThanOrEqual(options.maxWaitMs);
        };
        for (const one of events) {
          if (one.does === "add") {
            const value = weights.push(one.weight) - 1;
            kept.add(value);
            const batch = coalescer.place(one.key, undefined, one.weight);
            batch.values.push(value);
            waiting.set(value, { batch, since: timers.now(), key: one.key });
            coalescer.added(batch, one.soon);
          } else if (one.does === "pass") {
            timers.pass(one.ms);
          } else if (one.does === "end") {
            const running = calls.map((_, index) => index).filter((index) => !ended.has(index));
            const which = running[one.which % Math.max(1, running.length)];
            if (which !== undefined) {
              calls[which]?.end();
              ended.add(which);
            }
          } else {
            const [value, place] = [...waiting][one.which % Math.max(1, waiting.size)] ?? [];
            if (value !== undefined && place !== undefined) {
              place.batch.values.splice(place.batch.values.indexOf(value), 1);
              coalescer.left(place.batch, weights[value] ?? 0);
              waiting.delete(value);
              kept.delete(value);
            }
          }
          await settled();
          look();
        }
        for (let round = 0; waiting.size > 0 && round < 200; round++) {
          timers.pass(10);
          calls.forEach((call, index) => {
            call.end();
            ended.add(index);
          });
          await settled();
          look();
        }
        expect(calls.flatMap(({ values }) => values).sort((one, other) => one - other)).toEqual([...kept]);
        for (const key of ["a", "b"]) {
          const values = calls.filter((call) => call.key === key).flatMap((call) => call.values);
          expect(values).toEqual([...values].sort((one, other) => one - other));
        }
        for (const { values } of calls) {
          const weight = values.reduce((sum, value) => sum + (weights[value] ?? 0), 0);
          if (values.length > 1) expect(weight).toBeLessThanOrEqual(options.maxBatchSize);
        }
        expect(timers.running).toBe(0);
      }),
    );
  });
});
