import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { isMeasuring } from "../../src/core/ambient.ts";
import { RunnableLambda, RunnableParallel, threads } from "../../src/index.ts";
import { type Inspection, type InspectOptions, inspect } from "../../src/inspect/inspect.ts";
import type { InspectorState } from "../../src/inspect/state.ts";

const open = new Set<Inspection>();
afterEach(async () => {
  await Promise.all([...open].map((one) => one.close()));
  open.clear();
});

async function inspected(chains: Parameters<typeof inspect>[0], options?: InspectOptions): Promise<Inspection> {
  const inspection = await inspect(chains, options);
  open.add(inspection);
  return inspection;
}

/** Somebody who looks: the states that come, one after the other. */
async function look(url: string): Promise<{
  next(): Promise<InspectorState>;
  until(is: (state: InspectorState) => boolean): Promise<InspectorState>;
  leave(): void;
}> {
  const { origin, search } = new URL(url);
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const response = await fetch(`${origin}/events${search}`, { signal: abort.signal });
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const next = async (): Promise<InspectorState> => {
    for (;;) {
      const found = /event: state\ndata: (.*)\n\n/.exec(text);
      if (found !== null) {
        text = text.slice(found.index + found[0].length);
        return JSON.parse(found[1]!);
      }
      const { value, done } = await reader.read();
      if (done) throw new Error("The stream has ended.");
      text += value;
    }
  };
  return {
    next,
    async until(is) {
      for (;;) {
        const state = await next();
        if (is(state)) return state;
      }
    },
    leave: () => abort.abort(),
  };
}

async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 10));
}

const double = RunnableLambda.from((x: number) => x * 2, { name: "double" });
const fail = RunnableLambda.from(
  async (x: number) => {
    if (x === 6) throw new RangeError("no sixes");
    return x;
  },
  { name: "picky" },
);

test("who looks gets the counters, the plan and the runs of the calls that are made", async () => {
  const chain = double.pipe(fail);
  const inspection = await inspected({ sums: chain });
  const viewer = await look(inspection.url);
  const first = await viewer.next();
  expect(first).toMatchObject({ format: 1, title: "sums", phase: "running", counts: { done: 0, failed: 0 } });
  await chain.batch([1, 2, 3, 4], {}, { returnExceptions: true });
  await chain.invoke(5);
  const state = await viewer.until(({ counts }) => counts.done === 5);
  expect(state.counts).toMatchObject({ running: 0, failed: 1 });
  const [view] = state.chains;
  expect(view!.rows.map(({ name, inputs, failed }) => [name, inputs, failed])).toEqual([
    ["double", 5, 0],
    ["picky", 5, 1],
  ]);
  expect(view!.graph.nodes.map(({ name, kind }) => [name, kind])).toEqual([
    [expect.any(String), "schema"],
    ["double", "step"],
    ["picky", "step"],
    [expect.any(String), "schema"],
  ]);
  const [failed] = state.runs;
  expect(failed).toMatchObject({
    chain: "sums",
    index: 2,
    state: "failed",
    step: "picky",
    error: "RangeError: no sixes",
  });
  expect(failed!.spans.map(({ name, lane, failed = false }) => [name, lane, failed])).toEqual([
    ["double", "loop", false],
    ["picky", "loop", true],
  ]);
  expect(state.runs.map(({ state }) => state)).toEqual(["failed", "done", "done", "done", "done"]);
  expect(JSON.stringify(state)).not.toContain('"input"');
});

test("inputs and outputs are shown to those who ask for them, cut where they are long", async () => {
  const chain = RunnableLambda.from((text: string) => ({ text, secret: "hunter2" }));
  const inspection = await inspected(chain, { values: true });
  const viewer = await look(inspection.url);
  await viewer.next();
  await chain.invoke("x".repeat(10_000));
  const { runs } = await viewer.until(({ counts }) => counts.done === 1);
  expect(runs[0]!.input).toHaveLength(601);
  expect(runs[0]!.output).toContain("hunter2");
});

test("inputs that go through lanes are followed from stage to stage, and workers are told of", async () => {
  const pool = threads({ max: 1 });
  onTestFinished(() => pool.close());
  const chain = double.pipe(RunnableLambda.from((x: number) => x + 1, { name: "plus", lane: pool })).pipe(fail);
  const inspection = await inspected(chain);
  const viewer = await look(inspection.url);
  await viewer.next();
  await chain.batch([1, 2, 3]);
  const state = await viewer.until(({ counts }) => counts.done === 3);
  expect(state.counts).toMatchObject({ running: 0, failed: 0 });
  const [run] = state.runs;
  expect(run!.spans.map(({ name, lane }) => [name, lane])).toEqual([
    ["double", "loop"],
    ["plus", "thread"],
    ["picky", "loop"],
  ]);
  expect(run!.spans[1]).toMatchObject({ waitMs: expect.any(Number), ms: expect.any(Number) });
  expect(state.lanes[0]).toMatchObject({ name: "thread", statuses: [{ worker: 1, state: "idle", served: 3 }] });
});

test("a batch that stops at its first failure leaves no run behind that goes on for ever", async () => {
  const pool = threads({ max: 1 });
  onTestFinished(() => pool.close());
  const chain = RunnableLambda.from((x: number) => x + 1, { lane: pool }).pipe(fail);
  const viewer = await look((await inspected(chain)).url);
  await viewer.next();
  await expect(chain.batch([1, 5, 2, 3])).rejects.toThrow("no sixes");
  const { counts, runs } = await viewer.until(({ counts }) => counts.failed === 1);
  expect(counts.running).toBe(0);
  expect(runs.filter(({ state }) => state === "running")).toEqual([]);
});

test("nobody is observed while nobody looks, nor once the last one has left", async () => {
  const inspection = await inspected(double);
  expect(isMeasuring()).toBe(false);
  const viewer = await look(inspection.url);
  await viewer.next();
  expect(isMeasuring()).toBe(true);
  expect(inspection.looking).toBe(1);
  viewer.leave();
  await until(() => !isMeasuring());
  expect(inspection.looking).toBe(0);
});

test("many runs take little memory: some are followed, all are counted", async () => {
  const chain = double.pipe((x: number) => x + 1);
  const viewer = await look((await inspected(chain)).url);
  await viewer.next();
  const inputs = Array.from({ length: 5000 }, (_, at) => at);
  await chain.batch(inputs);
  const state = await viewer.until(({ counts }) => counts.done === inputs.length);
  expect(state.runs.length).toBeGreaterThan(10);
  expect(state.runs.length).toBeLessThan(100);
  expect(JSON.stringify(state).length).toBeLessThan(100_000);
});

describe("the page", () => {
  test("is for whoever has the link, on this machine only, and for nobody's frame", async () => {
    const { url } = await inspected(double);
    const { origin, search } = new URL(url);
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-security-policy")).toBe("frame-ancestors 'none'");
    expect(await page.text()).toMatch(/default-src 'none'; script-src 'sha256-.{44}'; style-src 'sha256-.{44}'/);
    expect((await fetch(`${origin}/`)).status).toBe(403);
    expect((await fetch(`${origin}/events?token=guess`)).status).toBe(403);
    expect((await fetch(url, { method: "POST" })).status).toBe(405);
    expect((await fetch(`${origin}/other${search}`)).status).toBe(404);
  });

  test("is refused to a site whose name leads here", async () => {
    const { request } = await import("node:http");
    const { url } = await inspected(double);
    const status = await new Promise((resolve, reject) => {
      request(url, { headers: { host: "evil.example" } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(status).toBe(403);
  });
});

test("a port that somebody has is told of, with what to do", async () => {
  const { url } = await inspected(double);
  const port = Number(new URL(url).port);
  await expect(inspect(double, { port })).rejects.toMatchObject({ code: "RUNLANE_INSPECTOR" });
  await expect(inspect(double, { port: 70_000 })).rejects.toMatchObject({ code: "RUNLANE_INVALID_OPTION" });
  await expect(inspect({ double: 3 } as any)).rejects.toMatchObject({ code: "RUNLANE_NOT_RUNNABLE" });
});

test("a chain that forks is drawn with its branches", async () => {
  const chain = RunnableParallel.from({ a: double, b: fail }).pipe(({ a, b }: { a: number; b: number }) => a + b);
  const viewer = await look((await inspected(chain)).url);
  const { chains } = await viewer.next();
  const { nodes, edges } = chains[0]!.graph;
  expect(nodes.filter(({ kind }) => kind === "step").map(({ name }) => name)).toEqual([
    "double",
    "picky",
    expect.any(String),
  ]);
  expect(edges.length).toBeGreaterThanOrEqual(6);
});
