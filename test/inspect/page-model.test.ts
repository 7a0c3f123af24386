import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { bottleneckOf } from "../../src/inspect/page/model/bottleneck.ts";
import { adviceFor } from "../../src/inspect/page/model/guesses.ts";
import { heldBy } from "../../src/inspect/page/model/held-by.ts";
import { layout } from "../../src/inspect/page/model/layout.ts";
import { reportText } from "../../src/inspect/page/model/report-text.ts";
import { boxesOf, stepsOf } from "../../src/inspect/page/model/steps.ts";
import { pageFile, pageWith } from "../../src/inspect/page-file.ts";
import type { ChainView, GraphView, InspectorState } from "../../src/inspect/state.ts";
import { everything } from "../everything.ts";

const row = (name: string, inputs: number, totalMs: number, lane = "loop") => ({
  ...{ name, lane, inputs, failed: 0, p50Ms: 1, p99Ms: 2, totalMs },
  histogram: [[1, 2, inputs]] as const,
});
const figures = { inputs: 1, failed: 0, p50Ms: 1, p99Ms: 1, totalMs: 1, share: 1 };
const step = (name: string, lane = "loop", why = "") => ({ name, depth: 0, lane, why, resources: [], figures });

const chain: ChainView = {
  name: "chain",
  graph: {
    nodes: [
      { id: "0", name: "input", kind: "schema", place: null },
      { id: "1", name: "load", kind: "step", place: "/app/a.ts:10" },
      { id: "2", name: "work", kind: "step", place: "/app/a.ts:20" },
      { id: "3", name: "work", kind: "step", place: "/app/b.ts:5" },
    ],
    edges: [
      { source: "0", target: "1" },
      { source: "1", target: "2" },
      { source: "2", target: "3" },
    ],
  },
  stages: [
    {
      lane: "loop",
      steps: [
        step("load", "loop", "auto: it takes long; could not move: it uses model (file:///app/a.ts:3) from around it"),
      ],
      fused: false,
    },
    { lane: "thread", steps: [step("work", "thread"), step("work", "thread")], fused: true, chunk: 4 },
  ],
  rows: [row("load", 10, 100), row("work", 10, 300, "thread"), row("work", 8, 600, "thread")],
  warnings: [],
};

const state: InspectorState = {
  format: 1,
  title: "chain over files",
  phase: "running",
  startedAt: "2026-01-01T00:00:00.000Z",
  elapsedMs: 10_000,
  about: { runlane: "1.0.0", node: "20.0.0", cores: 2, showsValues: false },
  counts: { running: 2, done: 8, failed: 1, perSecond: 1 },
  loop: { atMs: [9000, 9500], lagMs: [1, 2], utilization: [0.1, 0.2], memoryBytes: [1e6, 2e6] },
  holders: [],
  chains: [chain],
  lanes: [],
  limits: [],
  resources: [],
  runs: [
    {
      id: 1,
      chain: "chain",
      index: 3,
      atMs: 1,
      ms: 2,
      state: "failed",
      step: "work",
      error: "Error: no | pipe",
      spans: [],
    },
  ],
  findings: [],
};

describe("steps", () => {
  it("have the row of their name, in the order in which they stand", () => {
    expect(stepsOf(chain).map(({ key, row, running }) => [key, row?.totalMs, running])).toEqual([
      ["0.0", 100, 0],
      ["1.0", 300, 0],
      ["1.1", 600, 0],
    ]);
  });

  it("stand for the boxes of their name, in order", () => {
    const found = boxesOf(chain, stepsOf(chain));
    expect(Array.from(found, ([id, { step }]) => [id, step.key])).toEqual([
      ["1", "0.0"],
      ["2", "1.0"],
      ["3", "1.1"],
    ]);
  });
});

describe("the bottleneck", () => {
  const steps = stepsOf(chain);
  const lane = { name: "thread", workers: 2, busy: 2, queued: 40, statuses: [], stages: [] };

  it("is the dearest step of a lane that is full while inputs wait", () => {
    const samples = [{ atMs: 0, workers: 2, busy: 2, queued: 40 }];
    const found = bottleneckOf({ ...state, lanes: [{ ...lane, samples }] }, steps);
    expect(found).toEqual({ key: "1.1", why: "its lane is full: 40 inputs wait" });
  });

  it("is who holds the loop, when that is busy", () => {
    const loop = { ...state.loop, utilization: [0.99, 0.97] };
    const holders = [{ step: "load", place: null, times: 3, totalMs: 900, maxMs: 400 }];
    expect(bottleneckOf({ ...state, loop, holders }, steps)).toEqual({
      key: "0.0",
      why: "the event loop is busy for 98 %",
    });
  });

  it("is otherwise where inputs spend most of their time, if that is much", () => {
    expect(bottleneckOf(state, steps)).toEqual({ key: "1.1", why: "60 % of the time" });
    const even = steps.map((step) => ({ ...step, share: 1 / 3 }));
    expect(bottleneckOf(state, even)).toBeUndefined();
  });
});

describe("advice", () => {
  it("names the variables that keep a step from a lane, and shows the change", () => {
    const holders = [{ step: "load", place: "/app/a.ts:10", times: 1, totalMs: 400, maxMs: 400 }];
    const [first] = adviceFor({ ...state, holders });
    expect(first).toMatchObject({ id: "captured-keeps-on-loop", title: "load holds the event loop" });
    expect(first!.change).toContain("uses: { model }");
  });

  it("says how much fails, and of what", () => {
    expect(adviceFor(state)).toEqual([
      { id: "failures", title: "1 input failed: 13 %", evidence: "The last one in work: Error: no | pipe" },
    ]);
  });

  it("shows what the doctor has proved first", () => {
    const proof = { metric: "batch ms", verdict: "proved", ratio: 3.3, low: 3, high: 3.6 } as const;
    const finding = {
      id: "repeated-inputs",
      step: "load",
      place: null,
      evidence: { same: 4 },
      fix: "withCache()",
      proof,
    } as const;
    const [first] = adviceFor({ ...state, findings: [finding] });
    expect(first).toMatchObject({ change: "withCache()", proof: "proved 3.30x (3.00–3.60), batch ms" });
  });
});

test("a stack leads to the step whose function it goes through", () => {
  const held = { heldMs: 100, state: "computes", stack: [] } as const;
  expect(heldBy({ ...held, place: "/app/a.ts:25" }, [chain])).toBe("work");
  expect(heldBy({ ...held, place: "/app/lib.ts:1", stack: ["load (file:///app/a.ts:12:3)"] }, [chain])).toBe("load");
  expect(heldBy({ ...held, place: "/app/lib.ts:1" }, [chain])).toBeUndefined();
  expect(heldBy({ ...held, step: "other" }, [chain])).toBe("other");
});

test("the text of a report has the steps, what failed and what could be better", () => {
  const text = reportText(state);
  expect(text).toContain("| 1 | load | loop | 10 | 0 | 1.00 ms | 2.00 ms | 10 % |");
  expect(text).toContain("- input 3 in work: Error: no | pipe");
});

describe("the drawing of a graph", () => {
  /** Any graph: edges lead to any box, backwards too. */
  const graphs = fc.integer({ min: 1, max: 12 }).chain((count) =>
    fc.record({
      nodes: fc.tuple(
        ...Array.from({ length: count }, (_, at) =>
          fc.constantFrom("step", "schema").map((kind) => ({ id: `${at}`, name: `n${at}`, kind, place: null })),
        ),
      ),
      edges: fc.array(fc.record({ source: fc.nat(count - 1).map(String), target: fc.nat(count - 1).map(String) }), {
        maxLength: 20,
      }),
    }),
  ) as fc.Arbitrary<GraphView>;

  it("has each box once, none on top of another, and all within its bounds", () => {
    fc.assert(
      fc.property(graphs, fc.boolean(), (graph, down) => {
        const { boxes, arrows, width, height } = layout(graph, down);
        expect(boxes).toHaveLength(graph.nodes.length);
        expect(arrows).toHaveLength(graph.edges.length);
        for (const one of boxes) {
          expect(one.x).toBeGreaterThanOrEqual(0);
          expect(one.y).toBeGreaterThanOrEqual(0);
          expect(one.x + one.width).toBeLessThanOrEqual(width);
          expect(one.y + one.height).toBeLessThanOrEqual(height);
          for (const other of boxes) {
            if (one === other) continue;
            const apart =
              one.x + one.width <= other.x ||
              other.x + other.width <= one.x ||
              one.y + one.height <= other.y ||
              other.y + other.height <= one.y;
            expect(apart).toBe(true);
          }
        }
        for (const { path } of arrows) expect(path).not.toMatch(/NaN|Infinity/);
      }),
      { numRuns: everything ? 200 : 50 },
    );
  });

  it("goes from left to right, or down", () => {
    const { boxes } = layout(chain.graph, false);
    expect(boxes.map(({ x }) => x)).toEqual(boxes.map(({ x }) => x).sort((a, b) => a - b));
    const tall = layout(chain.graph, true).boxes;
    expect(tall.map(({ y }) => y)).toEqual(tall.map(({ y }) => y).sort((a, b) => a - b));
  });
});

describe("the page's file", () => {
  it("is small, and asks nobody for anything", () => {
    const page = readFileSync(pageFile());
    expect(gzipSync(page).length).toBeLessThan(60_000);
    expect(page.toString()).not.toMatch(/(?:src|href)="(?!data:|#)/);
  });

  it("takes a state whatever is in it", () => {
    const nasty = { ...state, title: "</script><script>alert(1)</script>$&$1" };
    const page = pageWith(nasty);
    const [, json = ""] = /<script id="state" type="application\/json">(.*?)<\/script>/s.exec(page) ?? [];
    expect(JSON.parse(json).title).toBe(nasty.title);
    expect(page.match(/<script/g)).toHaveLength(2);
  });
});
