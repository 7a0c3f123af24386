import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Limiter, type Limits } from "../../src/batching/limiter.ts";
import { HandTimers, settled } from "./support.ts";

const ME = {};

/** A limiter whose inputs a test lets in and out by hand. */
function limit(limits: Limits) {
  const timers = new HandTimers();
  const limiter = new Limiter(limits, timers);
  const starts: { name: string; at: number }[] = [];
  const come = async (name: string, caller: object = ME, signal?: AbortSignal): Promise<void> => {
    if (!limiter.tryEnter()) await limiter.enter(caller, signal);
    starts.push({ name, at: timers.now() });
  };
  const names = () => starts.map(({ name }) => name).join("");
  const times = () => starts.map(({ at }) => at);
  const pass = (ms: number, lateMs?: number): Promise<void> => timers.passSlowly(ms, lateMs);
  return { timers, limiter, come, names, times, pass };
}

describe("maxConcurrency", () => {
  it("lets no more in than may be in at once", async () => {
    const { limiter, come, names } = limit({ maxConcurrency: 2 });
    for (const name of "abcd") void come(name);
    await settled();
    expect(names()).toBe("ab");
    expect(limiter.waiting).toBe(2);
    limiter.leave();
    await settled();
    expect(names()).toBe("abc");
    limiter.leave();
    limiter.leave();
    await settled();
    expect(names()).toBe("abcd");
  });

  it("lets nobody pass who comes while others wait", async () => {
    const { limiter, come } = limit({ maxConcurrency: 1 });
    void come("a");
    void come("b");
    limiter.leave();
    expect(limiter.tryEnter()).toBe(false);
  });

  it("needs no timer", async () => {
    const { timers, come } = limit({ maxConcurrency: 1 });
    void come("a");
    void come("b");
    expect(timers.running).toBe(0);
  });
});

describe("ratePerSecond", () => {
  it("spreads starts evenly", async () => {
    const { come, times, pass } = limit({ ratePerSecond: 4 });
    for (const name of "abcd") void come(name);
    await pass(10_000);
    expect(times()).toEqual([0, 250, 500, 750]);
  });

  it("lets a burst in at once, and then goes on at its rate", async () => {
    const { come, times, pass } = limit({ ratePerSecond: 10, burst: 3 });
    for (const name of "abcde") void come(name);
    await pass(1000);
    expect(times()).toEqual([0, 0, 0, 100, 200]);
  });

  it("fills the burst up again while nobody comes, and no further", async () => {
    const { come, times, pass } = limit({ ratePerSecond: 10, burst: 2 });
    for (const name of "ab") void come(name);
    await pass(150);
    for (const name of "cd") void come(name);
    await pass(10_000);
    for (const name of "efg") void come(name);
    await pass(10_000);
    expect(times()).toEqual([0, 0, 150, 200, 10_150, 10_150, 10_250]);
  });

  it("may be less than one", async () => {
    const { come, times, pass } = limit({ ratePerSecond: 0.5 });
    for (const name of "abc") void come(name);
    await pass(10_000);
    expect(times()).toEqual([0, 2000, 4000]);
  });

  it("does not drift when timers are late", async () => {
    const { come, times, pass } = limit({ ratePerSecond: 100 });
    for (let count = 0; count < 1000; count++) void come(".");
    await settled();
    await pass(12_000, 1.5);
    expect(times()).toHaveLength(1000);
    expect(times().at(-1)).toBeCloseTo(9990 + 1.5, 0);
  });

  it("keeps up with rates above those of timers", async () => {
    const { come, times, pass } = limit({ ratePerSecond: 5000 });
    for (let count = 0; count < 500; count++) void come(".");
    await pass(110);
    expect(times()).toHaveLength(500);
  });

  it("does not make up for a loop that was held up", async () => {
    const { come, times, pass } = limit({ ratePerSecond: 100 });
    for (let count = 0; count < 100; count++) void come(".");
    await settled();
    await pass(500, 490);
    expect(times()).toEqual([0, 500, 500, 500]);
    await pass(2000);
    expect(times()).toHaveLength(100);
  });

  it("keeps a timer only while somebody waits for it", async () => {
    const { timers, limiter, come, pass } = limit({ ratePerSecond: 10, maxConcurrency: 2 });
    void come("a");
    await settled();
    expect(timers.running).toBe(0);
    void come("b");
    expect(timers.running).toBe(1);
    await pass(100);
    expect(timers.running).toBe(0);
    void come("c");
    expect(timers.running).toBe(0);
    limiter.leave();
    expect(timers.running).toBe(1);
    await pass(100);
    expect(timers.running).toBe(0);
  });
});

describe("callers", () => {
  it("take turns, however many inputs each has", async () => {
    const { limiter, come, names } = limit({ maxConcurrency: 1 });
    const [one, other] = [{}, {}];
    for (const name of "aaaaa") void come(name, one);
    for (const name of "bb") void come(name, other);
    for (let count = 0; count < 7; count++) {
      limiter.leave();
      await settled();
    }
    expect(names()).toBe("aababaa");
  });

  it("take turns between what came in one turn of the loop and what came later", async () => {
    const { limiter, come, names } = limit({ maxConcurrency: 1 });
    for (const name of "aaaaa") void come(name);
    await settled();
    void come("b");
    for (let count = 0; count < 5; count++) {
      limiter.leave();
      await settled();
    }
    expect(names()).toBe("aabaaa");
  });

  it("who leave while they wait lose their place at once, and cost the others nothing", async () => {
    const { limiter, come, names } = limit({ maxConcurrency: 1 });
    const leaving = new AbortController();
    void come("a");
    const left = come("b", ME, leaving.signal);
    void come("c");
    leaving.abort(new Error("enough"));
    await expect(left).rejects.toThrow("enough");
    expect(limiter.waiting).toBe(1);
    limiter.leave();
    await settled();
    expect(names()).toBe("ac");
  });

  it("who leave as the last one take the timer along", async () => {
    const { timers, come } = limit({ ratePerSecond: 1 });
    const leaving = new AbortController();
    void come("a");
    const left = come("b", ME, leaving.signal);
    expect(timers.running).toBe(1);
    leaving.abort();
    await expect(left).rejects.toMatchObject({ name: "AbortError" });
    expect(timers.running).toBe(0);
  });

  it("who are aborted before they come never wait", async () => {
    const { limiter, come } = limit({ maxConcurrency: 1 });
    void come("a");
    await expect(come("b", ME, AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
    expect(limiter.waiting).toBe(0);
  });
});

it("lets each input in once or not at all, within its limits, whatever happens", async () => {
  const limits = fc.record({
    maxConcurrency: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    ratePerSecond: fc.integer({ min: 1, max: 2000 }),
    burst: fc.integer({ min: 1, max: 5 }),
  });
  const event = fc.oneof(
    { weight: 3, arbitrary: fc.record({ does: fc.constant("come"), which: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant("pass"), which: fc.nat(50) }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant("leave"), which: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant("abort"), which: fc.nat(20) }) },
  );
  await fc.assert(
    fc.asyncProperty(limits, fc.array(event, { maxLength: 80 }), async (options, events) => {
      const { timers, limiter, come, names, times, pass } = limit(options);
      const callers = [{}, {}, {}, {}];
      const inputs: { name: string; leaving: AbortController; promise: Promise<void>; outcome: string[] }[] = [];
      let left = 0;
      const running = (): number => times().length - left;
      const leave = (): void => {
        left++;
        limiter.leave();
      };
      for (const { does, which } of events) {
        if (does === "come") {
          const name = String.fromCodePoint(0x4e00 + inputs.length);
          const leaving = new AbortController();
          const outcome: string[] = [];
          const promise = come(name, callers[which] ?? ME, leaving.signal).then(
            () => void outcome.push("in"),
            () => void outcome.push("left"),
          );
          inputs.push({ name, leaving, promise, outcome });
        } else if (does === "pass") await pass(which);
        else if (does === "leave" && running() > 0) leave();
        else if (does === "abort") inputs[which]?.leaving.abort();
        await settled();
        expect(running()).toBeLessThanOrEqual(options.maxConcurrency ?? Number.POSITIVE_INFINITY);
      }
      for (let round = 0; limiter.waiting > 0 && round < 1000; round++) {
        while (running() > 0) leave();
        await pass(1000);
      }
      expect(limiter.waiting).toBe(0);
      expect(timers.running).toBe(0);
      for (const { name, outcome } of inputs) {
        expect(outcome).toHaveLength(1);
        expect(names().split(name)).toHaveLength(outcome[0] === "in" ? 2 : 1);
      }
      const starts = times();
      // A timer counts whole milliseconds: what it was late by is made up for.
      const madeUpFor = 1 + options.ratePerSecond / 1000;
      starts.forEach((from, index) => {
        for (let last = index; last < starts.length; last++) {
          const allowed = options.burst + (((starts[last] ?? 0) - from) / 1000) * options.ratePerSecond + madeUpFor;
          expect(last - index + 1).toBeLessThanOrEqual(allowed + 1e-6);
        }
      });
    }),
  );
});
