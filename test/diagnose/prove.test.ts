import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { interval, prove } from "../../src/diagnose/doctor/prove.ts";
import { everything } from "../everything.ts";

/** Numbers that look random and are the same in every run. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A trial whose times scatter by a factor, as those of a busy machine do. */
const trial =
  (ms: number, random: () => number, scatter = 1) =>
  async () =>
    ms * Math.exp(scatter * (random() - 0.5));
const proof = (before: number, after: number, seed: number, scatter = 1) => {
  const random = numbers(seed);
  const [a, b] = [trial(before, random, scatter), trial(after, random, scatter)];
  return prove({ metric: "batch ms", before: a, after: b, deadline: Number.POSITIVE_INFINITY, random });
};

test("the same thing is never proved to be better than itself, however much its times scatter", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.double({ min: 0, max: 0.3, noNaN: true }), async (seed, scatter) => {
      expect((await proof(100, 100, seed, scatter)).verdict).not.toBe("proved");
    }),
    { numRuns: everything ? 50 : 15 },
  );
});

test("on a machine whose times scatter by half, one in a hundred is proved wrongly at most", async () => {
  let wrong = 0;
  for (let seed = 0; seed < 200; seed++) if ((await proof(100, 100, seed * 7919, 1)).verdict === "proved") wrong++;
  expect(wrong).toBeLessThanOrEqual(2);
});

test("what is twice as quick is proved, with an interval around two", async () => {
  const { verdict, ratio, low, high } = await proof(200, 100, 1, 0.2);
  expect(verdict).toBe("proved");
  expect(low).toBeLessThanOrEqual(ratio!);
  expect(high).toBeGreaterThanOrEqual(ratio!);
  expect(ratio).toBeCloseTo(2, 0);
});

test("a gain of a twentieth is none, and what is slower is harmful", async () => {
  expect((await proof(105, 100, 3, 0.01)).verdict).toBe("none");
  expect((await proof(100, 300, 3, 0.2)).verdict).toBe("harmful");
});

test("both take turns in being first", async () => {
  const order: string[] = [];
  const note = (name: string) => async () => {
    order.push(name);
    return 1;
  };
  await prove({ metric: "batch ms", before: note("a"), after: note("b"), deadline: Number.POSITIVE_INFINITY });
  expect(order.slice(0, 8).join("")).toBe("abbaabba");
});

test("too little time is said, and proves nothing", async () => {
  const { verdict, ratio, reason } = await prove({
    metric: "batch ms",
    before: async () => 2,
    after: async () => 1,
    deadline: 0,
  });
  expect({ verdict, ratio, reason }).toEqual({
    verdict: "none",
    ratio: null,
    reason: "there was time for 0 rounds only, and 5 are needed",
  });
});

test("the interval of equal ratios is a point", () => {
  expect(interval([2, 2, 2, 2, 2], numbers(1))).toEqual([2, 2]);
});

test("the rounds without which nothing could be said may take the time of others, if there is enough for all of them", async () => {
  const rounds = async (latest: number) => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const trial = async () => {
      now += 10;
      return now;
    };
    try {
      const { ratio } = await prove({ metric: "batch ms", before: trial, after: trial, deadline: 15, latest });
      return { measured: ratio !== null, now };
    } finally {
      vi.restoreAllMocks();
    }
  };
  expect(await rounds(1000)).toEqual({ measured: true, now: 100 });
  // Three more rounds would not have been enough.
  expect(await rounds(60)).toEqual({ measured: false, now: 20 });
});
