import { RunnableLambda as LangChainLambda } from "@langchain/core/runnables";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  RouterRunnable,
  Runnable,
  RunnableBranch,
  RunnableGenerator,
  RunnableLambda,
  RunnableMap,
  RunnablePassthrough,
  RunnablePick,
  RunnableSequence,
} from "../../src/index.ts";
import { markModule, moduleRef } from "../../src/shipping/functions/module-ref.ts";
import { reviveTree } from "../../src/shipping/tree/revive.ts";
import { shipTree } from "../../src/shipping/tree/ship-tree.ts";
import { everything } from "../everything.ts";
import * as steps from "../fixtures/shipping/steps.mjs";

const where = 'withLane("thread")';

async function roundTrip(runnable: Runnable): Promise<Runnable> {
  return (await reviveTree(structuredClone(shipTree(runnable, { where })))) as unknown as Runnable;
}

async function outcome(runnable: Runnable, input: unknown, config?: object): Promise<unknown> {
  try {
    return { output: await runnable.invoke(input, config) };
  } catch (error) {
    const { name, message } = error as Error;
    return { name, message };
  }
}

/** Trees of runnables from a number to a number, of all kinds that travel. */
const trees = fc.letrec<{ tree: Runnable }>((tie) => {
  const leaf = fc.constantFrom(...steps.numbers).map((func): Runnable => RunnableLambda.from(func));
  const inner = tie("tree");
  const tag = fc.string({ minLength: 1, maxLength: 3 });
  return {
    tree: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      fc.tuple(inner, inner).map(([a, b]) => a.pipe(b)),
      fc.tuple(inner, inner, tag).map(([a, b, name]) => RunnableSequence.from([a, b], name) as Runnable),
      fc.tuple(inner, inner).map(([a, b]) => RunnableMap.from({ a, b }).pipe(steps.sum)),
      fc.tuple(inner, inner).map(([a, b]) =>
        RunnableLambda.from(steps.wrap)
          .pipe(RunnablePassthrough.assign({ y: a2(a), z: a2(b) }))
          .pipe(steps.sum),
      ),
      fc
        .tuple(fc.constantFrom(...steps.conditions), inner, inner)
        .map(([condition, a, b]) => RunnableBranch.from([[condition, a], b])),
      fc
        .tuple(inner, inner)
        .map(([plus, minus]) =>
          RunnableLambda.from(steps.route).pipe(new RouterRunnable({ runnables: { plus, minus } })),
        ),
      inner.map((a) => RunnableLambda.from(steps.twice).pipe(a.map()).pipe(steps.total)),
      fc
        .tuple(inner, tag)
        .map(([a, name]) => a.withConfig({ runName: name, tags: [name], configurable: { offset: 7 } })),
      inner.map((a) => a.withRetry({ stopAfterAttempt: 2, retryIf: steps.isTooMuch, backoff: { initialDelayMs: 0 } })),
      inner.map((a) => a.withFallbacks({ fallbacks: [steps.recover], exceptionsToHandle: [RangeError] })),
      inner.map((a) => a.withFallbacks({ fallbacks: [steps.recover], exceptionsToHandle: steps.isTooMuch })),
      inner.map((a) => new RunnablePassthrough<any>().pipe(a)),
    ),
  };
}).tree;

/** A step of a number, for the number in an object. */
function a2(step: Runnable): Runnable {
  return new RunnablePick<any>("x").pipe(step);
}

describe("a tree of runnables", () => {
  it("gives the same results after the way, whatever it is made of", async () => {
    await fc.assert(
      fc.asyncProperty(trees, fc.integer({ min: -60, max: 60 }), async (tree, input) => {
        const revived = await roundTrip(tree);
        expect(await outcome(revived, input)).toEqual(await outcome(tree, input));
        const config = { configurable: { offset: 5 } };
        expect(await outcome(revived, input, config)).toEqual(await outcome(tree, input, config));
      }),
      { numRuns: everything ? 300 : 80 },
    );
  });

  it("keeps the names, tags and classes of its steps", async () => {
    const tree = RunnableLambda.from(steps.wrap, { name: "wrapping" })
      .pipe(RunnableMap.from({ a: steps.sum }))
      .withConfig({ tags: ["t"] });
    const revived = await roundTrip(tree);
    expect(revived.constructor).toBe(tree.constructor);
    expect(JSON.stringify(revived)).toBe(JSON.stringify(tree));
    const [first] = (revived as any).bound.steps;
    expect([first.getName(), first.func.name, first.label]).toEqual(["wrapping", "wrap", "wrapping"]);
  });

  it("streams as before", async () => {
    const tree = RunnableLambda.from((text: string) => text).pipe(
      new RunnableGenerator<string, string>({ transform: steps.shout as any }),
    );
    const chunks: string[] = [];
    for await (const chunk of await (await roundTrip(tree)).stream("abc")) chunks.push(chunk);
    expect(chunks).toEqual(["ABC"]);
  });

  it("sends what stands in it several times once", async () => {
    const shared = RunnableLambda.from(steps.wrap);
    const shipped: any = shipTree(RunnableMap.from({ a: shared, b: shared, c: steps.wrap }), { where });
    expect(shipped.steps.a).toBe(shipped.steps.b);
    expect(shipped.steps.a.func).toBe(shipped.steps.c.func);
    const revived: any = await reviveTree(structuredClone(shipped));
    expect(revived.steps.a).toBe(revived.steps.b);
  });

  it("runs what has a lane of its own on the lane around it", () => {
    class OnLane extends OwnRunnable {
      override get node() {
        return { kind: "onLane", bound: RunnableLambda.from(steps.wrap), lane: "process" };
      }
    }
    const inner: Runnable = new OnLane();
    expect(shipTree(inner.pipe(steps.sum), { where })).toMatchObject({
      steps: [{ kind: "lambda" }, { kind: "lambda" }],
    });
  });

  it("hands what a lambda uses over with it", async () => {
    const usesFactor = new (class extends RunnableLambda<number, number> {})({ func: steps.usesFactor });
    const node = { ...usesFactor.node, uses: { factor: 3 } };
    const tree = Object.create(Object.create(RunnableLambda.prototype, { node: { value: node } }), {
      [Symbol.for("runlane.step")]: { value: true },
      label: { value: "scale" },
    });
    expect(await (await roundTrip(tree)).invoke(4)).toBe(12);
  });

  it("takes functions and runnables from their modules", async () => {
    const url = new URL("../fixtures/shipping/exports.mjs", import.meta.url);
    const from = (name: string) => RunnableLambda.from(markModule((x: number) => x, moduleRef(url, name)) as any);
    const tree = from("double").pipe(from("chain"));
    expect(await (await roundTrip(tree)).invoke(2)).toBe(50);
    expect((await roundTrip(from("chain"))).node.kind).toBe("foreign");
  });
});

class OwnRunnable extends Runnable<number, number> {
  override lc_namespace = ["test"];
  override async invoke(x: number): Promise<number> {
    return x;
  }
}
class OwnLambda extends RunnableLambda<number, number> {}
class OwnError extends Error {}

const double = RunnableLambda.from(steps.numbers[1] as (x: number) => number, { name: "double" });

const REFUSED: readonly (readonly [what: string, make: () => Runnable, code: string, message: string])[] = [
  [
    "a runnable of an own class",
    () => new OwnRunnable(),
    "RUNLANE_NOT_SHIPPABLE",
    'step "OwnRunnable": the step cannot run in another thread, because it is of the class OwnRunnable',
  ],
  [
    "a runnable of a subclass",
    () => new OwnLambda({ func: (x) => x }),
    "RUNLANE_NOT_SHIPPABLE",
    "is of the class OwnLambda",
  ],
  [
    "a step of LangChain",
    () => double.pipe(LangChainLambda.from((x: number) => x) as any),
    "RUNLANE_NOT_SHIPPABLE",
    'step "RunnableLambda": the step cannot run in another thread, because it is LangChain\'s',
  ],
  ["schemas", () => double.withTypes({ input: z.number() }), "RUNLANE_NOT_SHIPPABLE", "checks values by schemas"],
  [
    "a tool",
    () => double.asTool({ name: "t", description: "d", schema: z.object({}) as any }),
    "RUNLANE_NOT_SHIPPABLE",
    "checks its input by a schema",
  ],
  [
    "configurable alternatives",
    () => double.configurableAlternatives({ id: "which" }, { other: double }),
    "RUNLANE_NOT_SHIPPABLE",
    "chooses between alternatives",
  ],
  [
    "configurable fields",
    () => new RunnablePick("a").configurableFields({ keys: { id: "keys" } } as any),
    "RUNLANE_NOT_SHIPPABLE",
    "has fields to be configured",
  ],
  ["listeners", () => double.withListeners({ onStart() {} }), "RUNLANE_NOT_SHIPPABLE", "has listeners"],
  [
    "bound callbacks",
    () => double.withConfig({ callbacks: [{}] }),
    "RUNLANE_NOT_SHIPPABLE",
    "has callbacks bound to it; bind them around",
  ],
  [
    "a bound signal",
    () => double.withConfig({ signal: new AbortController().signal }),
    "RUNLANE_NOT_SHIPPABLE",
    "has signal bound to it",
  ],
  [
    "a bound option that cannot travel",
    () => double.bind({ stop: { when: () => 1 } } as any),
    "RUNLANE_NOT_SERIALIZABLE",
    "kwargs.stop.when",
  ],
  [
    "own error classes of a fallback",
    () => double.withFallbacks({ fallbacks: [double], exceptionsToHandle: [OwnError] }),
    "RUNLANE_NOT_SHIPPABLE",
    "the function OwnError",
  ],
  [
    "a function that captures",
    () => double.pipe(RunnableLambda.from(steps.captures, { name: "scale" })),
    "RUNLANE_CAPTURED_VARIABLE",
    `${where}, step "scale": its function captures`,
  ],
  [
    "a condition that captures",
    () => RunnableBranch.from([[steps.captures as any, double], double]),
    "RUNLANE_CAPTURED_VARIABLE",
    'step "captures": its function captures',
  ],
  [
    "a retry's condition that captures",
    () => double.withRetry({ retryIf: steps.captures as any }),
    "RUNLANE_CAPTURED_VARIABLE",
    'step "double": its function captures',
  ],
];

describe("a tree that cannot travel is refused, with the step and the reason", () => {
  it.each(REFUSED)("%s", (_, make, code, message) => {
    const tree = RunnableMap.from({ a: double, b: make() });
    let error: any;
    try {
      shipTree(tree, { where });
    } catch (thrown) {
      error = thrown;
    }
    expect(error?.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.message).toContain("fromModule");
  });
});
