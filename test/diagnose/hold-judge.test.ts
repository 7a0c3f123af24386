import { expect, test } from "vitest";
import { HoldJudge } from "../../src/diagnose/hold-judge.ts";

const EVERY = 25;

/** Looks every 25 ms from 0 on, at the beats that are given, and returns what is told at which time. */
function told(
  beats: readonly number[],
  { starved = (now: number) => 0 * now, times = beats.map((_, at) => at * EVERY) } = {},
) {
  const judge = new HoldJudge(100, EVERY);
  return beats.flatMap((beat, at) => {
    const now = times[at] as number;
    const verdict = judge.look({ now, beat, starvedMs: starved(now) });
    return verdict === undefined ? [] : [[verdict.kind, Math.round(verdict.heldMs), now]];
  });
}

const held = (looks: number) => new Array<number>(looks).fill(1);

test("a loop that turns is told of by nothing", () => {
  expect(told(Array.from({ length: 100 }, (_, at) => at))).toEqual([]);
});

test("a loop that is held is told of at the threshold, and once when it is free again", () => {
  expect(told([1, ...held(6), 2, 3])).toEqual([
    ["held", 100, 100],
    ["released", 150, 175],
  ]);
});

test("it is told again after 1, 10 and 60 seconds", () => {
  const all = told(held(4000));
  expect(all).toEqual([
    ["held", 100, 100],
    ["held", 1000, 1000],
    ["held", 10_000, 10_000],
    ["held", 60_000, 60_000],
  ]);
});

test("a process that was stopped was not held: the watching thread did not run either", () => {
  expect(told([1, 1, 1, 2], { times: [0, 25, 30_000, 30_025] })).toEqual([]);
});

test("a thread that waited for a core was not held", () => {
  expect(told([...held(40), 2], { starved: (now) => now * 0.95 })).toEqual([]);
});

test("a thread that had a core half of the time was held half of the time", () => {
  expect(told([...held(20), 2], { starved: (now) => now / 2 })[0]).toEqual(["held", 100, 200]);
});

test("a hold that was told of does not become shorter when the system tells later that the thread waited for a core", () => {
  const verdicts = told([...held(6), 2], { starved: (now) => (now > 110 ? 100 : 0) });
  expect(verdicts).toEqual([
    ["held", 100, 100],
    ["released", 100, 150],
  ]);
});
