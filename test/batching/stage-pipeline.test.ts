import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import { runUniform } from "../../src/batching/batch.ts";
import { PLAIN, type RunContext } from "../../src/core/context.ts";
import type { FeedHandle, InputSource } from "../../src/core/input-source.ts";
import type { Step } from "../../src/core/step.ts";
import { RunnableLambda } from "../../src/index.ts";
import { stillClock } from "../still-clock.ts";

/** So many values may wait between two stages. */
const HIGH_WATER = 16_384;

/** A stage that takes many inputs, when the test says so. */
class FakeLane {
  feed!: InputSource;
  woken = 0;
  stopped = 0;
  readonly step: Step;

  constructor(private readonly run: (input: unknown) => unknown = (input) => input) {
    const openFeed = (feed: InputSource): FeedHandle => {
      this.feed = feed;
      return { wake: () => this.woken++, stop: () => this.stopped++ };
    };
    this.step = { openFeed, label: "fake", getName: () => "fake" } as unknown as Step;
    Object.assign(this.step, { stages: [this.step] });
  }

  /** Runs up to so many inputs. Returns how many there were. */
  work(count = Number.POSITIVE_INFINITY): number {
    const { feed } = this;
    let done = 0;
    for (; done < count && feed.waiting > 0; done++) {
      const key = feed.take();
      try {
        feed.fulfil(key, this.run(feed.inputOf(key)));
      } catch (error) {
        feed.reject(key, error);
      }
    }
    return done;
  }
}

const staged = (...stages: Step[]): Step => ({ stages }) as unknown as Step;
const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const turn = () => new Promise((resolve) => setImmediate(resolve));
const start = (step: Step, inputs: unknown[], options = {}, ctx: RunContext = PLAIN) =>
  Promise.resolve(runUniform(step, inputs, ctx, options)) as Promise<unknown[]>;

/** A step on the loop that counts its runs. */
function counting(func: (input: any) => unknown = (input) => input) {
  const counter = { runs: 0, step: undefined as unknown as Step };
  counter.step = RunnableLambda.from((input: unknown) => {
    counter.runs++;
    return func(input);
  });
  return counter;
}

describe("a batch through stages", () => {
  stillClock();

  it("hands each input on as soon as its stage is through with it", async () => {
    const [first, second] = [new FakeLane((x) => Number(x) + 1), new FakeLane((x) => Number(x) * 10)];
    const outputs = start(staged(first.step, second.step), range(5));
    expect(first.work(2)).toBe(2);
    expect(second.work()).toBe(2);
    expect([first.work(), second.work()]).toEqual([3, 3]);
    expect(await outputs).toEqual([10, 20, 30, 40, 50]);
  });

  it("does not give a lane more inputs than it can soon take", async () => {
    const lane = new FakeLane();
    const outputs = start(staged(lane.step), range(100_000));
    let most = 0;
    let done = 0;
    while (done < 100_000) {
      most = Math.max(most, lane.feed.waiting);
      done += lane.work(1000);
      await turn();
    }
    expect(most).toBeLessThanOrEqual(HIGH_WATER);
    expect(await outputs).toEqual(range(100_000));
  });

  it("lets a slow stage slow those in front of it", async () => {
    const before = counting();
    const slow = new FakeLane();
    const outputs = start(staged(before.step, slow.step), range(60_000));
    await expect.poll(() => before.runs).toBe(HIGH_WATER);
    for (let round = 0; round < 20; round++) await turn();
    expect(before.runs).toBe(HIGH_WATER);
    for (let done = 0; done < 60_000; await turn()) done += slow.work(5000);
    expect(await outputs).toEqual(range(60_000));
    expect(before.runs).toBe(60_000);
  });

  it("lets a slow stage on the loop slow a lane in front of it", async () => {
    const lane = new FakeLane();
    const release: (() => void)[] = [];
    const waits = counting((x) => new Promise((resolve) => release.push(() => resolve(x))));
    const behind = new FakeLane();
    const outputs = start(staged(lane.step, waits.step, behind.step), range(40_000));
    for (let round = 0; round < 50; round++) {
      lane.work();
      for (const resolve of release.splice(0)) resolve();
      await turn();
    }
    expect(waits.runs).toBeLessThan(40_000);
    for (let done = 0; done < 40_000; await turn()) {
      done += behind.work();
      lane.work();
      for (const resolve of release.splice(0)) resolve();
    }
    expect(await outputs).toEqual(range(40_000));
  });

  it("starts nothing more when an input has failed, and lets its lanes go", async () => {
    const lane = new FakeLane((x) => {
      if (x === 3) throw new Error("three");
      return x;
    });
    const after = counting();
    const outputs = start(staged(lane.step, after.step), range(100));
    lane.work(10);
    await expect(outputs).rejects.toThrow("three");
    expect(lane.feed.waiting).toBe(0);
    expect(lane.stopped).toBe(1);
    expect(after.runs).toBe(3);
  });

  it("goes on after a failure with returnExceptions, and spares the failed input the other stages", async () => {
    const lane = new FakeLane((x) => {
      if (Number(x) % 2 === 1) throw new Error(`odd: ${x}`);
      return x;
    });
    const after = counting();
    const outputs = start(staged(lane.step, after.step), range(4), { returnExceptions: true });
    lane.work();
    expect(await outputs).toEqual([0, new Error("odd: 1"), 2, new Error("odd: 3")]);
    expect(after.runs).toBe(2);
  });

  it("runs functions in the async context of the batch, whoever brings their inputs", async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen = new Set<unknown>();
    const lane = new FakeLane();
    const after = counting(() => seen.add(storage.getStore()));
    const outputs = storage.run("batch", () => start(staged(lane.step, after.step), range(3)));
    storage.run("worker", () => lane.work());
    await outputs;
    expect([...seen]).toEqual(["batch"]);
  });

  it("runs a lane that takes inputs one by one as any other step", async () => {
    const step = Object.assign(
      RunnableLambda.from(async (x: number) => x + 1),
      { openFeed: () => undefined },
    );
    expect(await start(staged(step as unknown as Step), range(3))).toEqual([1, 2, 3]);
  });
});
