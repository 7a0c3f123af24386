import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hintsOf, metricsOf } from "../../src/cli/cluster/metrics-server.ts";
import { OrderedOutcomes } from "../../src/cli/cluster/ordered-outcomes.ts";
import { queueHints } from "../../src/cluster/hints.ts";
import { SentInputs } from "../../src/cluster/lane/sent-inputs.ts";
import { chunkId, firstId, idAgain, rangeOf } from "../../src/cluster/producer/chunk-id.ts";
import { ChunkSizer } from "../../src/cluster/producer/chunk-sizer.ts";
import type { Received } from "../../src/cluster/producer/outstanding.ts";
import { Speculation } from "../../src/cluster/producer/speculation.ts";
import { decodeOutcomes, encodeOutcomes, type InputOutcome } from "../../src/cluster/wire/outcome-body.ts";

const REPORT = { host: "here", pid: 1, ranMs: 1, waits: false, earlierAttempts: 0 };

function received(from: number, count: number): Received {
  const outcomes = Array.from({ length: count }, (_, at) => ({ status: "fulfilled" as const, value: from + at }));
  return { id: chunkId({ from, count }), from, count, outcomes, report: REPORT };
}

describe("outcomes that come in any order", () => {
  test("are given once each, in order, however they overlap and however often they come", () => {
    const piece = fc.record({ from: fc.nat(30), count: fc.integer({ min: 1, max: 12 }) });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.nat(10), (pieces, first) => {
        const outcomes = new OrderedOutcomes(first);
        const given: unknown[] = [];
        for (const { from, count } of pieces) {
          outcomes.add(received(from, count), from + count);
          for (let next = outcomes.peek(); next !== undefined; next = outcomes.peek()) {
            given.push((next as { value: unknown }).value);
            outcomes.advance();
          }
        }
        expect(given).toEqual(Array.from({ length: outcomes.next - first }, (_, at) => first + at));
        const covered = new Set(
          pieces.flatMap(({ from, count }) => Array.from({ length: count }, (_, at) => from + at)),
        );
        expect(covered.has(outcomes.next)).toBe(false);
      }),
    );
  });

  test("let go of chunks that lie behind, and of no others", () => {
    const outcomes = new OrderedOutcomes(0);
    outcomes.add(received(2, 2), 4);
    expect(outcomes.done()).toEqual([]);
    outcomes.add(received(0, 2), 2);
    while (outcomes.peek() !== undefined) outcomes.advance();
    expect(outcomes.done()).toEqual([chunkId({ from: 2, count: 2 }), chunkId({ from: 0, count: 2 })]);
    outcomes.add(received(0, 2), 2);
    expect(outcomes.done()).toEqual([chunkId({ from: 0, count: 2 })]);
    expect(outcomes.waiting).toBe(0);
  });
});

test("the id of a chunk says which inputs it has, and sorts as they do", () => {
  const range = fc.record({ from: fc.nat(10 ** 9), count: fc.integer({ min: 1, max: 5000 }) });
  fc.assert(
    fc.property(range, range, (one, other) => {
      expect(rangeOf(chunkId(one))).toEqual(one);
      if (one.from < other.from) expect(chunkId(one) < chunkId(other)).toBe(true);
    }),
  );
  expect(rangeOf("something")).toBeUndefined();
});

describe("the size of chunks", () => {
  const grown = (ran: (count: number) => { ranMs: number; waits?: boolean }): number => {
    const sizer = new ChunkSizer();
    for (let round = 0; round < 12; round++) {
      const { count } = sizer;
      sizer.ran(count, { ...REPORT, waits: false, ...ran(count) });
    }
    return sizer.count;
  };
  test("follows what inputs take: a quarter of a second for each chunk", () => {
    expect(grown((count) => ({ ranMs: count * 5 }))).toBe(50);
    expect(grown((count) => ({ ranMs: count * 10_000 }))).toBe(1);
    expect(grown((count) => ({ ranMs: count * 0.001 }))).toBe(16_384);
  });

  test("is not small for inputs that wait side by side", () => {
    expect(grown(() => ({ ranMs: 2000, waits: true }))).toBe(32);
  });

  test("is bounded by what inputs and outputs weigh", () => {
    const sizer = new ChunkSizer(true);
    sizer.sent(10, 10 * 100_000);
    expect(sizer.count).toBe(5);
    sizer.received(1, 2_000_000);
    expect(sizer.count).toBe(1);
  });
});

describe("chunks that take long near the end", () => {
  const chunk = (id: string, sentAt: number) => ({ id, sentAt });

  test("are sent again once, those first that have been under way for longest, and no more than workers could begin with", () => {
    const speculation = new Speculation();
    for (let at = 0; at < 9; at++) speculation.took(`done-${at}`, 2000);
    const chunks = [chunk("a", 3000), chunk("b", 0), chunk("c", 1000), chunk("d", 6000)];
    expect(speculation.pick(chunks, 2, 9000).map(({ id }) => id)).toEqual(["b", "c"]);
    expect(speculation.pick(chunks, 2, 9000)).toEqual([]);
    expect(speculation.pick(chunks, 4, 9000).map(({ id }) => id)).toEqual(["a"]);
    speculation.took("b", 9000);
    expect([...speculation.decided]).toEqual(["b"]);
  });

  test("are nobody's business before anything has come back", () => {
    expect(new Speculation().pick([chunk("a", 0)], 4, 1_000_000)).toEqual([]);
  });

  test("have one outcome, under whichever id it comes", () => {
    expect(rangeOf(idAgain(chunkId({ from: 7, count: 3 })))).toEqual({ from: 7, count: 3 });
    expect(firstId(idAgain("x-1"))).toBe("x-1");
    expect(firstId("x-1")).toBe("x-1");
  });
});

test("large outcomes travel in parts of about a megabyte, which together are all of them", () => {
  const outcomes = Array.from({ length: 40 }, (_, at) => ({
    status: "fulfilled" as const,
    value: `${at}`.padEnd(100_000),
  }));
  const parts = encodeOutcomes(outcomes, REPORT, "the pipeline x");
  expect(parts.length).toBeGreaterThan(3);
  expect(Math.max(...parts.map(({ byteLength }) => byteLength))).toBeLessThan(1.1 * 1024 * 1024);
  const read = parts.map(decodeOutcomes);
  expect(read.flatMap((part) => part.outcomes)).toEqual(outcomes);
  expect(read.map(({ from }) => from)).toEqual(
    read.map((_, at) => read.slice(0, at).flatMap((part) => part.outcomes).length),
  );
});

test("outputs that cannot travel are the errors of their inputs, and no function is ever read", () => {
  const outcomes = [
    { status: "fulfilled" as const, value: () => {} },
    { status: "fulfilled" as const, value: 1 },
  ];
  const [part] = encodeOutcomes(outcomes, REPORT, "the pipeline x");
  const [bad, good] = decodeOutcomes(part!).outcomes;
  expect(bad).toMatchObject({ status: "rejected", reason: { code: "RUNLANE_NOT_SERIALIZABLE" } });
  expect(good).toEqual({ status: "fulfilled", value: 1 });
});

test("inputs that were sent together are told their outcomes once each, in whatever pieces those come", () => {
  const sent = new SentInputs();
  const told: [number, unknown][] = [];
  const tell = (at: number, outcome: InputOutcome): void => {
    told.push([at, outcome.status === "fulfilled" ? outcome.value : outcome.reason]);
  };
  const outcomes = (from: number, count: number): InputOutcome[] =>
    Array.from({ length: count }, (_, at) => ({ status: "fulfilled" as const, value: from + at }));
  const owner = {};
  sent.add(0, 4, tell);
  sent.add(4, 2, tell, owner);
  sent.settle(2, outcomes(2, 2));
  sent.settle(0, outcomes(0, 5));
  expect([sent.count, told.map(([, value]) => value)]).toEqual([1, [2, 3, 0, 1, 4]]);
  sent.settleAll({ status: "rejected", reason: "over" }, owner);
  sent.settle(4, outcomes(4, 2));
  expect([sent.count, told.at(-1), told.length]).toEqual([0, [1, "over"], 6]);
});

test("an autoscaler is told what waits, what runs, and how long that takes", () => {
  const run = {
    id: "a",
    queue: "q",
    about: { pipeline: "p", host: "h" },
    startedAt: "",
    isCancelled: false,
    outstanding: 10,
    finished: 3,
  };
  const worker = { queue: "q", host: "h", pid: 1, concurrency: 2, running: 2, chunkMs: 500 };
  expect(queueHints({ runs: [run], workers: [worker, { ...worker, pid: 2, running: 1 }] })).toEqual([
    { queue: "q", waiting: 7, running: 3, workers: 2, slots: 4, expectedSeconds: 1.3 },
  ]);
  expect(queueHints({ runs: [{ ...run, isCancelled: true }], workers: [] })).toEqual([
    { queue: "q", waiting: 0, running: 0, workers: 0, slots: 0, expectedSeconds: 0 },
  ]);
  expect(queueHints({ runs: [run], workers: [] })[0]?.expectedSeconds).toBeNull();
});

test("a worker serves them as one number of workers, and as metrics", () => {
  const hint = { queue: "q", waiting: 7, running: 3, workers: 2, slots: 4, expectedSeconds: null };
  expect(hintsOf([hint])).toMatchObject({ waiting: 7, running: 3, workers: 2, workersNeeded: 5, queues: [hint] });
  expect(metricsOf([hint])).toContain('runlane_cluster_chunks_waiting{queue="q"} 7\n');
  expect(metricsOf([hint])).not.toContain("expected_seconds{");
});
