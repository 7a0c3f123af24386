import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SyncRun } from "../../src/batching/sync-path.ts";
import { RunnableLambda, RunnableSequence } from "../../src/index.ts";
import { everything } from "../everything.ts";

/** More inputs than run before the plain loop begins. */
const MANY = 100;
const inputs = Array.from({ length: MANY }, (_, index) => index);

/** Steps that give all kinds of things for some inputs. */
const steps: ((x: unknown) => unknown)[] = [
  (x) => Number(x) + 1,
  (x) => String(x),
  (x) => (Number(x) % 7 === 3 ? Promise.resolve(x) : x),
  (x) => (Number(x) % 11 === 5 ? RunnableLambda.from(async (y: unknown) => Number(y) * 2) : x),
  (x) => ({ value: x }),
  (x) => (typeof x === "object" && x !== null && "value" in x ? x.value : x),
  (x) => (Number(x) % 13 === 4 ? Promise.reject(new Error(`no ${x}`)) : x),
  (x) => {
    if (Number(x) % 17 === 6) throw new RangeError(`not ${x}`);
    return x;
  },
  (x) =>
    Number(x) % 19 === 8
      ? (function* () {
          yield "a";
          yield "b";
        })()
      : x,
];

describe("a batch of sync steps", () => {
  it("gives what each input alone gives, whatever the functions return", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...steps), { minLength: 1, maxLength: 6 }), async (chosen) => {
        const lambdas = chosen.map((step) => RunnableLambda.from(step));
        const chain = lambdas.length === 1 ? lambdas[0]! : RunnableSequence.from(lambdas as any);
        const alone = await Promise.all(inputs.map((input) => chain.invoke(input).catch((error: unknown) => error)));
        const together = await chain.batch(inputs, {}, { returnExceptions: true });
        expect(together).toEqual(alone);
      }),
      { numRuns: everything ? 200 : 60 },
    );
  });

  it("fails with the first error in the order of the inputs", async () => {
    const chain = RunnableSequence.from([
      (x: number) => x,
      (x: number) => {
        if (x >= 60) throw new Error(`no ${x}`);
        return x;
      },
    ]);
    await expect(chain.batch(inputs)).rejects.toThrow("no 60");
  });

  it("calls each function once for each input", async () => {
    const calls = new Map<number, number>();
    const count = RunnableLambda.from((x: number) => {
      calls.set(x, (calls.get(x) ?? 0) + 1);
      return x % 50 === 49 ? Promise.resolve(x) : x;
    });
    await count.batch(inputs);
    expect([...calls.values()]).toEqual(inputs.map(() => 1));
    expect(calls.size).toBe(MANY);
  });

  it("hands the functions a frozen config", async () => {
    const frozen = RunnableLambda.from((_: number, config) => Object.isFrozen(config) && config.tags !== undefined);
    expect(new Set(await frozen.batch(inputs))).toEqual(new Set([true]));
  });
});

describe("a run of sync functions", () => {
  it("says where it stopped, and for what", () => {
    const run = new SyncRun([(x) => Number(x) + 1, (x) => (x === 3 ? Promise.resolve(x) : x)], {});
    const outputs: unknown[] = [];
    expect(run.run([0, 1, 2, 3], outputs, 0, 4)).toBe(2);
    expect(outputs).toEqual([1, 2]);
    expect(run).toMatchObject({ at: 1, input: 3 });
    expect(run.out).toBeInstanceOf(Promise);
  });

  it("keeps what a function threw", () => {
    const error = new Error("no");
    const run = new SyncRun(
      [
        (x) => {
          if (x === 1) throw error;
          return x;
        },
      ],
      {},
    );
    expect(run.run([0, 1], [], 0, 2)).toBe(1);
    expect(run.failure?.error).toBe(error);
  });
});
