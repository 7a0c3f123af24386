import fc from "fast-check";
import { expect, it } from "vitest";
import { type Runnable, RunnableBranch, RunnableLambda, RunnableParallel, RunnableSequence } from "../../src/index.ts";
import { everything } from "../everything.ts";
import { recorder, settle } from "./support.ts";

type Tree =
  | { kind: "lambda"; func: number }
  | { kind: "sequence"; steps: Tree[] }
  | { kind: "parallel"; steps: Tree[] }
  | { kind: "branch"; yes: Tree; no: Tree; holds: boolean };

const functions: ((x: unknown) => unknown)[] = [
  (x) => x,
  async (x) => x,
  (x) => settle().then(() => x),
  function* () {
    yield* [1, 2, 3];
  },
  async function* () {
    yield* [1, 2, 3];
  },
  () => {
    throw new Error("thrown");
  },
  () => Promise.reject(new Error("rejected")),
  async function* () {
    yield 1;
    throw new Error("halfway");
  },
];

const { tree } = fc.letrec<{ tree: Tree }>((tie) => {
  const steps = fc.array(tie("tree"), { minLength: 2, maxLength: 3 });
  return {
    tree: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.record({ kind: fc.constant("lambda" as const), func: fc.nat(functions.length - 1) }),
      fc.record({ kind: fc.constant("sequence" as const), steps }),
      fc.record({ kind: fc.constant("parallel" as const), steps }),
      fc.record({ kind: fc.constant("branch" as const), yes: tie("tree"), no: tie("tree"), holds: fc.boolean() }),
    ),
  };
});

function build(node: Tree): Runnable {
  if (node.kind === "lambda") return RunnableLambda.from(functions[node.func] as never);
  if (node.kind === "sequence") return RunnableSequence.from(node.steps.map(build) as never);
  if (node.kind === "parallel") return RunnableParallel.from({ ...node.steps.map(build) } as never);
  return RunnableBranch.from([[() => node.holds, build(node.yes)], build(node.no)] as never);
}

const has = (node: Tree, kind: Tree["kind"]): boolean => {
  const inside = node.kind === "branch" ? [node.yes, node.no] : node.kind === "lambda" ? [] : node.steps;
  return node.kind === kind || inside.some((step) => has(step, kind));
};

const ways: [string, (runnable: Runnable, config: object, after: number) => Promise<unknown>][] = [
  ["invoke", (runnable, config) => runnable.invoke(1, config)],
  ["batch", (runnable, config) => runnable.batch([1, 2, 3], config, { returnExceptions: true })],
  [
    "stream",
    async (runnable, config) => {
      for await (const _ of await runnable.stream(1, config));
    },
  ],
  [
    "a stream that is left",
    async (runnable, config, after) => {
      let taken = 0;
      for await (const _ of await runnable.stream(1, config)) if (++taken >= after) break;
    },
  ],
];

it.each(ways)("every run that starts ends once, in a run that is known: %s", async (_, run) => {
  await fc.assert(
    fc.asyncProperty(tree, fc.integer({ min: 1, max: 3 }), async (node, after) => {
      const { handler, runs, problems } = recorder();
      const order: string[] = [];
      const ended =
        (tell: (...args: any[]) => void) =>
        (...args: any[]): void => {
          order.push(args[1]);
          tell(...args);
        };
      const { handleChainEnd, handleChainError } = handler as Record<string, any>;
      Object.assign(handler, { handleChainEnd: ended(handleChainEnd), handleChainError: ended(handleChainError) });
      await run(build(node), { callbacks: [handler] }, after).catch(() => {});
      for (let turns = 0; turns < 6; turns++) await settle();
      expect(runs.size).toBeGreaterThan(0);
      for (const { ends } of runs.values()) expect(ends).toHaveLength(1);
      expect(problems.filter((problem) => !problem.endsWith("in a run that had ended"))).toEqual([]);
      // Branches that run side by side go on for a while when one of them has failed, or when nobody wants them any more.
      if (has(node, "parallel")) return;
      expect(problems).toEqual([]);
      for (const { id, parent } of runs.values())
        if (parent !== undefined) expect(order.indexOf(id)).toBeLessThan(order.indexOf(parent));
    }),
    { numRuns: everything ? 60 : 20 },
  );
});
