import fc from "fast-check";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { configure, RunnableLambda, RunnableSequence } from "../../src/index.ts";
import { auto } from "../../src/lanes/auto/auto-settings.ts";
import { AutoStage, type AutoSubject } from "../../src/lanes/auto/auto-stage.ts";
import { CostSampler } from "../../src/lanes/auto/cost-sampler.ts";
import type { Lane } from "../../src/lanes/lane.ts";
import { laneOf } from "../../src/lanes/named-lanes.ts";
import * as steps from "../fixtures/lanes/auto.mjs";

type Func = (input: any) => any;
const pure = steps.pure as Record<string, Func>;

const threads = laneOf("thread")!;
/** How many inputs threads have run. */
const movedInputs = () => threads.statistics().reduce((sum, { inputs }) => sum + inputs, 0);

/** Runs inputs one after the other and tells how many of them a thread ran. */
async function moved(func: Func, inputs: readonly unknown[], config?: object): Promise<number> {
  const before = movedInputs();
  const lambda = RunnableLambda.from(func);
  for (const input of inputs) await lambda.invoke(input, config).catch(() => {});
  return movedInputs() - before;
}

beforeEach(() => configure({ auto: { thresholdMs: 1e-6 } }));
afterEach(() => configure({ auto: true }));
afterAll(() => threads.close());

describe("the lane auto", () => {
  it("moves a pure sync function that is slow to threads, from the fourth input on", async () => {
    expect(await moved(pure.double!, [1, 2, 3, 4, 5])).toBe(2);
  });

  it("moves the rest of a batch, however long that is", async () => {
    const before = movedInputs();
    const inputs = Array.from({ length: 200 }, (_, n) => n);
    expect(await RunnableLambda.from(pure.double!).batch(inputs)).toEqual(inputs.map((n) => n * 2));
    expect(movedInputs() - before).toBe(200 - 3);
  });

  it("leaves a quick one where it is", async () => {
    configure({ auto: { thresholdMs: 60_000 } });
    expect(await moved(pure.double!, [1, 2, 3, 4, 5])).toBe(0);
  });

  it("moves nothing when it is off", async () => {
    configure({ auto: false });
    expect(await moved(pure.double!, [1, 2, 3, 4, 5])).toBe(0);
  });

  it.each([
    ["async functions", steps.promises],
    ["functions that capture variables", steps.captures],
    ["functions that touch what only this thread has", steps.impure],
    ["functions that see the whole config", steps.seesConfig],
  ])("leaves %s where they are", async (_, func) => {
    expect(await moved(func, [1, 2, 3, 4, 5, 6])).toBe(0);
  });

  it("leaves functions that change their input where they are, and the input is changed", async () => {
    const lambda = RunnableLambda.from(steps.changesInput);
    const list: number[] = [];
    for (let call = 1; call <= 6; call++) expect(await lambda.invoke(list)).toBe(call);
    expect(list).toHaveLength(6);
  });

  it("gives functions that have moved the part of the config that travels", async () => {
    const lambda = RunnableLambda.from(steps.readsConfigurable as Func);
    const outs: unknown[] = [];
    for (let call = 0; call < 5; call++) outs.push(await lambda.invoke(call, { configurable: { user: `u${call}` } }));
    expect(outs).toEqual([0, 1, 2, 3, 4].map((call) => [call, `u${call}`]));
  });

  it("runs inputs that would not arrive as they are here", async () => {
    class User {
      name = "Ada";
    }
    const lambda = RunnableLambda.from(pure.keep!);
    const user = new User();
    for (let call = 0; call < 5; call++) expect(await lambda.invoke({ user })).toEqual({ user });
    expect((await lambda.invoke({ user })).user).toBe(user);
    expect(await moved(pure.keep!, [1, 2, 3, { user }, { user }, 4])).toBe(1);
  });

  it("sees its input as it was when it was called", async () => {
    const lambda = RunnableLambda.from(pure.shape!);
    for (let call = 0; call < 5; call++) {
      const input = { call, seen: new Map([["call", call]]) };
      const output = lambda.invoke(input);
      input.call = -1;
      input.seen.clear();
      expect(await output).toMatchObject({ json: JSON.stringify({ call, seen: {} }) });
    }
  });

  it("comes back when an output would not have arrived as it is", async () => {
    const lambda = RunnableLambda.from(pure.instance!);
    for (let call = 0; call < 7; call++) expect((await lambda.invoke(call)).double).toEqual([call, call]);
  });

  it("throws errors of classes that threads do not know as they are", async () => {
    const lambda = RunnableLambda.from(pure.strange!);
    for (let call = 0; call < 6; call++) {
      const error = await lambda.invoke(call).catch((thrown: unknown) => thrown);
      expect([error.constructor.name, error.message]).toEqual(["Strange", String(call)]);
    }
  });

  it("stays on the loop on the lane loop", async () => {
    const before = movedInputs();
    const lambda = RunnableLambda.from(pure.double!, { lane: "loop" });
    expect(await lambda.batch([1, 2, 3, 4, 5, 6])).toEqual([2, 4, 6, 8, 10, 12]);
    expect(movedInputs() - before).toBe(0);
  });

  it("moves a whole chain that says auto", async () => {
    const before = movedInputs();
    const chain = RunnableLambda.from(pure.double!).pipe(pure.shape!).withLane("auto");
    expect(await chain.batch([1, 2, 3, 4, 5, 6])).toEqual([2, 4, 6, 8, 10, 12].map(pure.shape!));
    expect(movedInputs() - before).toBeGreaterThan(0);
  });

  it("streams one chunk wherever it runs", async () => {
    const lambda = RunnableLambda.from(pure.shape!);
    for (let call = 0; call < 5; call++) {
      const chunks: unknown[] = [];
      for await (const chunk of await lambda.stream(call)) chunks.push(chunk);
      expect(chunks).toEqual([pure.shape!(call)]);
    }
  });

  const plainData = fc.oneof(
    fc.integer(),
    fc.double(),
    fc.string(),
    fc.constantFrom(undefined, null, true, -0, 10n ** 20n, new Date(0), /a/g, new Set([1]), new URL("https://a.b/")),
    fc.jsonValue(),
    fc.uint8Array({ maxLength: 20 }),
  );
  const outcomes = async (chain: ReturnType<typeof RunnableSequence.from>, inputs: unknown[]) =>
    (await chain.batch(inputs, {}, { returnExceptions: true })).map((out) => [typeof out, out?.constructor?.name, out]);

  it("never changes results, order or which input fails", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...Object.keys(pure)), { minLength: 2, maxLength: 4 }),
        fc.array(plainData, { maxLength: 12 }),
        async (names, inputs) => {
          const chain = () => RunnableSequence.from(names.map((name) => RunnableLambda.from(pure[name]!)) as any);
          configure({ auto: false });
          const expected = await outcomes(chain(), inputs);
          configure({ auto: { thresholdMs: 1e-6 } });
          expect(await outcomes(chain(), inputs)).toEqual(expected);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe("what auto decides by", () => {
  /** A lane that answers as it is told. */
  const fakeLane = (run: Lane["run"], costMs = 10): Lane =>
    ({ run, statisticsOf: () => ({ costMs }) }) as unknown as Lane;
  const subject = (lane: Lane | null, ship: AutoSubject["ship"] = () => ({})): AutoSubject => ({
    label: "step",
    ship,
    target: () => lane,
  });

  it("times quick runs less and less often", () => {
    const gauge = new CostSampler();
    configure({ auto: { thresholdMs: 5 } });
    const pauses = Array.from({ length: 14 }, () => gauge.timed(0.001));
    expect(pauses.slice(0, 4)).toEqual([2, 4, 8, 16]);
    expect(pauses.at(-1)).toBe(4096);
  });

  it("takes three slow runs in a row for slow, and one quick one between them for quick", () => {
    const gauge = new CostSampler();
    configure({ auto: { thresholdMs: 5 } });
    for (const ms of [6, 6, 1, 6, 6]) gauge.timed(ms);
    expect(gauge.isSlow).toBe(false);
    gauge.timed(9);
    expect(gauge.isSlow).toBe(true);
    expect(gauge.meanMs).toBe(7);
  });

  it("stays where there are no threads, and says so", () => {
    const stage = new AutoStage(subject(null));
    for (let run = 0; run < 4; run++) expect(stage.run(1, () => 2)).toBe(2);
    expect(stage).toMatchObject({ state: "staying", reason: "there are no threads" });
  });

  it("stays when it cannot be sent, and keeps the reason", () => {
    const ship = () => {
      throw new Error("cannot");
    };
    const stage = new AutoStage(
      subject(
        fakeLane(async () => 0),
        ship,
      ),
    );
    for (let run = 0; run < 4; run++) expect(stage.run(1, () => 2)).toBe(2);
    expect(stage).toMatchObject({ state: "staying", reason: "Error: cannot" });
  });

  it("comes back when its inputs have become quick", async () => {
    let away = 0;
    const stage = new AutoStage(subject(fakeLane(async () => ++away, auto.thresholdMs / 10)));
    for (let run = 0; run < 3 + 63; run++) await stage.run(1, () => 0);
    expect(stage.state).toBe("offloaded");
    expect(away).toBe(63);
    stage.run(1, () => 0);
    expect(stage.state).toBe("measuring");
  });

  it("throws what the function throws in the thread", async () => {
    const stage = new AutoStage(subject(fakeLane(() => Promise.reject(new RangeError("no")))));
    for (let run = 0; run < 3; run++) stage.run(1, () => 0);
    await expect(stage.run(1, () => 0)).rejects.toThrow(new RangeError("no"));
  });

  it("runs inputs here that are so large that sending them takes as long as running them", () => {
    const stage = new AutoStage(subject(fakeLane(async () => "away")));
    for (let run = 0; run < 3; run++) stage.run(1, () => 0);
    expect(stage.run(new Uint8Array(1 << 28), () => "here")).toBe("here");
  });

  it.each([0, -1, Number.NaN, "1"])("refuses %s as a threshold", (thresholdMs) => {
    expect(() => configure({ auto: { thresholdMs: thresholdMs as number } })).toThrow(/RUNLANE|thresholdMs/);
  });

  it("refuses an auto that is no option", () => {
    expect(() => configure({ auto: 7 as unknown as boolean })).toThrow(
      expect.objectContaining({ code: "RUNLANE_INVALID_OPTION" }),
    );
  });
});
