import { inspect } from "node:util";
import { RunnableLambda as LangChainLambda } from "@langchain/core/runnables";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import {
  configure,
  Plan,
  RunnableBranch,
  RunnableLambda,
  RunnableParallel,
  RunnableSequence,
  resource,
} from "../../src/index.ts";
import { laneOf, threads } from "../../src/lanes/named-lanes.ts";
import * as functions from "../fixtures/lanes/explained.mjs";

const { captures, promises, increment, double, isBig, odd, looksUp, slow, point, Point } = functions;

const here = (func: (x: any, config: any) => any, name: string) => RunnableLambda.from(func, { name });
const away = (func: (x: any) => any, name: string) => RunnableLambda.from(func, { name, lane: "thread" });
const inputs = (count: number) => Array.from({ length: count }, (_, index) => index);

/** The stages of a plan: the names of their steps, indented by depth. */
const stagesOf = ({ stages }: Plan) =>
  stages.map(({ steps }) => steps.map(({ name, depth }) => `${"  ".repeat(depth)}${name}`));
const stepsOf = ({ stages }: Plan) => stages.flatMap(({ steps }) => steps);
const stepOf = (plan: Plan, name: string) => stepsOf(plan).find((step) => step.name === name)!;
const countsOf = (plan: Plan) => stepsOf(plan).map(({ name, figures }) => [name, figures?.inputs, figures?.failed]);

afterEach(() => configure({ auto: true }));
afterAll(() => laneOf("thread")!.close());

describe("the stages of a plan", () => {
  it("are one for a runnable without lanes, and lanes on their own", () => {
    expect(stagesOf(here(increment, "one").pipe(here(double, "two")).explain())).toEqual([["one", "two"]]);
    const mixed = RunnableSequence.from([here(increment, "a"), away(double, "b"), here(increment, "c")]).explain();
    expect(stagesOf(mixed)).toEqual([["a"], ["b"], ["c"]]);
    expect(mixed.stages.map(({ lane, fused, chunk }) => [lane, fused, chunk])).toEqual([
      ["loop", false, undefined],
      ["thread", false, 1],
      ["loop", false, undefined],
    ]);
  });

  it("are one for neighbours on one lane, nested sequences included", () => {
    const plan = away(increment, "a")
      .pipe(away(double, "b").pipe(away(increment, "c")))
      .pipe(here(promises, "d"))
      .explain();
    expect(stagesOf(plan)).toEqual([["a", "b", "c"], ["d"]]);
    expect(plan.stages.map(({ fused }) => fused)).toEqual([true, false]);
  });

  it("are several for neighbours on different pools", () => {
    const [one, other] = [threads({ max: 1 }), threads({ max: 1 })];
    const chain = here(increment, "a").withLane(one).pipe(here(double, "b").withLane(other));
    expect(stagesOf(chain.explain())).toEqual([["a"], ["b"]]);
    expect(stepOf(chain.explain(), "a").why).toBe("withLane(a pool of its own)");
  });

  it("show what is inside parallels and branches", () => {
    const branch = RunnableBranch.from([[here(isBig, "isBig"), here(increment, "big")], here(double, "small")]);
    const chain = RunnableParallel.from({ x: here(increment, "a").pipe(away(double, "b")), y: branch });
    expect(stagesOf(chain.explain())).toEqual([
      ["RunnableMap", "  a", "  b", "  RunnableBranch", "    isBig", "    big", "    small"],
    ]);
    expect(stepsOf(chain.explain()).map(({ lane }) => lane)).toEqual([
      ...["loop", "loop", "thread", "loop", "loop", "loop", "loop"],
    ]);
  });

  it("say of all that is inside a lane that it is there", () => {
    const plan = RunnableParallel.from({ a: here(increment, "a"), b: here(double, "b") })
      .withLane("thread")
      .explain();
    expect(stepsOf(plan).map(({ lane, why }) => [lane, why])).toEqual(Array(3).fill(["thread", 'withLane("thread")']));
  });
});

describe("the reason of a step", () => {
  it("names the variable that keeps it from moving, with its line", () => {
    const { lane, why } = stepOf(here(captures, "captures").explain(), "captures");
    expect(lane).toBe("loop");
    expect(why).toMatch(/^auto: it has not run yet; could not move: it uses factor \(.*explained\.mjs:4\)/);
  });

  it("says that it is async, LangChain's, or on a lane", () => {
    const langChain = LangChainLambda.from((x: number) => x) as any;
    const chain = RunnableSequence.from([here(promises, "promises"), langChain, away(double, "double")] as any);
    expect(stepsOf(chain.explain()).map(({ why }) => why)).toEqual([
      "auto: it is async",
      "LangChain's: called through its own methods",
      'withLane("thread")',
    ]);
  });

  it("says where a step that is quick would go, and that auto is off", async () => {
    const step = here(increment, "increment");
    const may = "moves to threads when it takes 1 ms";
    expect(stepsOf(step.explain())[0]!.why).toBe(`auto: it has not run yet; ${may}`);
    configure({ auto: { thresholdMs: 1e6 } });
    await step.invoke(1);
    expect(stepsOf(step.explain())[0]!.why).toBe(
      "auto: it takes less than 1000000 ms; moves to threads when it takes 1000000 ms",
    );
    configure({ auto: false });
    expect(stepsOf(step.explain())[0]!.why).toBe("auto is off");
  });

  it("says how slow a step was that has moved, alone and under withLane", async () => {
    configure({ auto: { thresholdMs: 1e-6 } });
    for (const step of [here(slow, "slow"), here(slow, "slow").withLane("auto")]) {
      for (const x of inputs(5)) expect(await step.invoke(x)).toBe(x + 1);
      const plan = step.explain();
      expect(stagesOf(plan)).toEqual([["slow"]]);
      expect(stepOf(plan, "slow")).toMatchObject({
        lane: "thread",
        why: expect.stringMatching(/^auto: it took [\d.]+ ms$/),
      });
    }
  });

  it("says that a lane keeps it on the loop", () => {
    const plan = here(increment, "a").pipe(here(double, "b")).withLane("loop").explain();
    expect(stepsOf(plan).map(({ name, why }) => [name, why])).toEqual([
      ["a", 'withLane("loop")'],
      ["b", 'withLane("loop")'],
    ]);
  });

  it("stands beside the resources that it uses", () => {
    const table = resource("table", () => new Map([[1, 2]]));
    const plan = RunnableLambda.from(looksUp, { name: "looks up", uses: { table } }).explain();
    expect(stepOf(plan, "looks up").resources).toEqual(["table"]);
    expect(String(plan)).toContain("uses table");
  });
});

describe("an analyzed plan", () => {
  it("counts inputs and failures of each step exactly, on the loop and on lanes", async () => {
    const chain = RunnableSequence.from([
      here(increment, "first"),
      away(odd, "odd"),
      away(double, "double"),
      here(promises, "last"),
    ]);
    const plan = await chain.explain({ analyze: true, inputs: inputs(100) });
    expect(countsOf(plan)).toEqual([
      ["first", 100, 0],
      ["odd", 100, 50],
      ["double", 50, 0],
      ["last", 50, 0],
    ]);
    const { figures, chunk } = plan.stages[1]!;
    expect(figures?.inputs).toBe(100);
    expect(figures?.runMs).toBeGreaterThan(0);
    expect(chunk).toBeGreaterThan(0);
    expect(plan.wallMs).toBeGreaterThan(0);
    for (const { figures } of stepsOf(plan)) {
      expect(figures!.p50Ms).toBeGreaterThan(0);
      expect(figures!.p99Ms).toBeGreaterThanOrEqual(figures!.p50Ms);
    }
    expect(stepsOf(plan).reduce((sum, { figures }) => sum + figures!.share, 0)).toBeCloseTo(1, 6);
  });

  it("counts a run of its own, whatever ran before", async () => {
    const step = away(increment, "increment");
    await step.batch(inputs(10));
    const plan = await step.explain({ analyze: true, inputs: inputs(7) });
    expect(plan.stages[0]!.figures?.inputs).toBe(7);
    expect(countsOf(plan)).toEqual([["increment", 7, 0]]);
  });

  it("counts the steps of a parallel on a lane, and no step inside of one that counts as one", async () => {
    const branch = RunnableBranch.from([[here(isBig, "isBig"), here(increment, "big")], here(double, "small")]);
    const inLane = RunnableParallel.from({ a: here(increment, "a"), b: branch, c: here(double, "c") }).withLane(
      "thread",
    );
    expect(countsOf(await inLane.explain({ analyze: true, inputs: inputs(20) }))).toEqual([
      ["RunnableMap", undefined, undefined],
      ["a", 20, 0],
      ["RunnableBranch", 20, 0],
      ["isBig", undefined, undefined],
      ["big", undefined, undefined],
      ["small", undefined, undefined],
      ["c", 20, 0],
    ]);
  });

  it("counts a lane as one step where inputs go there one by one", async () => {
    const chain = here(increment, "a").pipe(here(double, "b")).withLane("thread");
    const plan = await chain.explain({ analyze: true, inputs: inputs(5), config: { maxConcurrency: 2 } });
    expect(countsOf(plan)).toEqual([
      ["RunnableSequence", 5, 0],
      ["a", undefined, undefined],
      ["b", undefined, undefined],
    ]);
  });

  it("counts fused steps where inputs go one by one, each as it ran", async () => {
    const both = RunnableParallel.from({ x: away(double, "b"), y: away(odd, "c") });
    const chain = away(increment, "a").pipe(both).pipe(here(promises, "d"));
    const expected = (afterAll: number) => [
      ["a", 4, 0],
      ["RunnableMap", undefined, undefined],
      ["b", 4, 0],
      ["c", 4, 2],
      ["d", afterAll, 0],
    ];
    for (const config of [{}, { maxConcurrency: 1 }])
      expect(countsOf(await chain.explain({ analyze: true, inputs: inputs(4), config }))).toEqual(expected(2));
  });

  it("counts a LangChain step whose own batch is given many inputs", async () => {
    const step = Object.assign(LangChainLambda.from((x: number) => x) as any, {
      batch: async (xs: number[]) => xs.map((x) => (x === 2 ? new Error("two") : x)),
      lc_namespace: ["own"],
    });
    const plan = await here(increment, "a")
      .pipe(step)
      .pipe(here(promises, "b"))
      .explain({ analyze: true, inputs: inputs(4) });
    expect(countsOf(plan).map(([, ...counts]) => counts)).toEqual([
      [4, 0],
      [4, 1],
      [3, 0],
    ]);
  });

  it("counts what auto moves, step by step", async () => {
    configure({ auto: { thresholdMs: 1e-6 } });
    const chain = here(slow, "a").pipe(here(odd, "b")).withLane("auto");
    const config = { maxConcurrency: 1 };
    const plan = await chain.explain({ analyze: true, inputs: [1, 3, 5, 7, 2, 4, 9], config });
    expect(countsOf(plan)).toEqual([
      ["a", 7, 0],
      ["b", 7, 2],
    ]);
    expect(plan.stages[0]!.lane).toBe("thread");
  });

  it("runs inputs with the config that it is given", async () => {
    const seen: unknown[] = [];
    const step = here((_, { configurable }) => seen.push(configurable.user), "step");
    await step.explain({ analyze: true, inputs: [1, 2], config: { configurable: { user: "Ada" } } });
    expect(seen).toEqual(["Ada", "Ada"]);
  });

  it("warns of what lanes have noticed", async () => {
    const step = away(point, "point");
    const plan = await step.explain({ analyze: true, inputs: [{ at: new Point(1) }] });
    expect(plan.warnings).toEqual([
      expect.stringMatching(/^input\.at is an instance of Point, .*registerClass\(Point\)/),
      expect.stringMatching(/^output\.deep\[0\] is an instance of Out, .*registerClass\(Out\)/),
    ]);
    expect(String(plan)).toContain("warning: input.at is an instance of Point");
  });

  it.each([[undefined], [7], ["abc"], [new Set([1])]])("refuses inputs that are no array: %s", async (bad: any) => {
    const step = here(increment, "step");
    const refused = expect(step.explain({ analyze: true, inputs: bad })).rejects;
    await refused.toMatchObject({ code: "RUNLANE_INVALID_OPTION", message: expect.stringContaining("inputs") });
  });
});

describe("a plan in print", () => {
  const chain = RunnableSequence.from([here(captures, "captures"), away(increment, "a"), away(double, "b")]);

  it("is the same table as a string and by inspect", () => {
    const plan = chain.explain();
    const lines = String(plan).split("\n");
    expect(inspect(plan)).toBe(String(plan));
    expect(lines[0]).toBe("RunnableSequence");
    expect(lines[1]).toMatch(/^stage +step +lane +chunk +why$/);
    expect(
      lines.some((line) => /^2 fused +a +thread +1 +withLane\("thread"\); one hop for several steps$/.test(line)),
    ).toBe(true);
  });

  it("has no line of more than 100 characters, and loses no word of a reason", async () => {
    const analyzed = await chain.explain({ analyze: true, inputs: inputs(3) });
    for (const plan of [chain.explain(), analyzed]) {
      expect(
        Math.max(
          ...String(plan)
            .split("\n")
            .map(({ length }) => length),
        ),
      ).toBeLessThanOrEqual(100);
      for (const word of stepOf(plan, "captures").why.split(" ")) expect(String(plan)).toContain(word);
    }
  });

  it("breaks a long guess into lines, too", () => {
    const lines = String(new Plan("chain", [], [], 1, "a step could be faster ".repeat(9).trim())).split("\n");
    expect(lines.filter((line) => line.startsWith("first guess, not proved: a step"))).toHaveLength(1);
    expect(lines.length).toBeGreaterThan(3);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
  });

  it("is plain data as JSON", async () => {
    const plan = await chain.explain({ analyze: true, inputs: inputs(3) });
    const data = JSON.parse(JSON.stringify(plan));
    // A guess is there when something takes long.
    expect(Object.keys(data).filter((key) => key !== "guess")).toEqual(["name", "stages", "warnings", "wallMs"]);
    expect(data.stages[0].steps[0]).toMatchObject({
      name: "captures",
      lane: "loop",
      figures: { inputs: 3, failed: 0 },
    });
    expect(JSON.parse(JSON.stringify(chain.explain()))).not.toHaveProperty("wallMs");
  });
});
