import { readdirSync, readFileSync } from "node:fs";
import { RunnableLambda as LangChainLambda } from "@langchain/core/runnables";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { allKinds, kindOf } from "../../src/core/kinds.ts";
import { Graph } from "../../src/graph/graph.ts";
import {
  load,
  RouterRunnable,
  Runnable,
  RunnableBranch,
  RunnableGenerator,
  RunnableLambda,
  RunnableParallel,
  RunnablePassthrough,
  RunnablePick,
  RunnableWithMessageHistory,
  threads,
} from "../../src/index.ts";
import { isRunnable, toStep } from "../../src/runnables/coerce.ts";
import { childrenOf } from "../../src/runnables/inspect/children.ts";
import { fromNode } from "../../src/runnables/registry.ts";
import { reviveTree } from "../../src/shipping/tree/revive.ts";
import { shipTree } from "../../src/shipping/tree/ship-tree.ts";

const FOLDER = new URL("../../src/runnables/kinds/", import.meta.url);
const where = 'withLane("thread")';
const pool = threads({ max: 1 });
afterAll(() => pool.close());

/** Classes whose names LangChain has chosen otherwise, or that are nobody's. */
const OTHER_NAMES: Readonly<Record<string, string>> = { router: "RouterRunnable", custom: "Nothing" };

class Nothing extends Runnable {
  override async invoke(input: unknown) {
    return input;
  }
}

/** One runnable of each kind. Steps that hold no function can be saved. */
function everyKind(): Record<string, Runnable> {
  const pick = new RunnablePick("a");
  const history = new RunnableWithMessageHistory({ runnable: pick, getMessageHistory: () => ({}) });
  const batched = RunnableLambda.batched((inputs: number[]) => inputs);
  return {
    assign: RunnablePassthrough.assign({ b: pick }),
    batched,
    batchFunction: batched.node.bound as Runnable,
    binding: pick.withConfig({ tags: ["a"] }),
    branch: RunnableBranch.from([[pick, pick], pick]),
    cache: pick.withCache(),
    configurableAlternatives: pick.configurableAlternatives({ id: "which" }, { other: new RunnablePick("b") }),
    configurableFields: pick.configurableFields({ keys: { id: "keys" } } as object),
    custom: new Nothing(),
    each: pick.map(),
    foreign: toStep(LangChainLambda.from((x: number) => x) as never) as unknown as Runnable,
    generator: RunnableGenerator.from((chunks) => chunks),
    lambda: RunnableLambda.from((x: number) => x),
    limited: pick.withLimits({ maxConcurrency: 1 }),
    onLane: pick.withLane(pool),
    parallel: RunnableParallel.from({ b: pick, c: pick }),
    passthrough: new RunnablePassthrough(),
    pick,
    remembering: [...within(history)].find(({ node }) => node.kind === "remembering") as Runnable,
    retry: pick.withRetry(),
    router: new RouterRunnable({ runnables: { pick } }),
    sequence: pick.pipe(pick),
    toolLike: pick.asTool({ name: "pick", schema: z.object({ a: z.number() }) } as never) as unknown as Runnable,
    withFallbacks: pick.withFallbacks([pick]),
    withMessageHistory: history,
    withTypes: pick.withTypes({ output: z.number() }),
  };
}

function* within(runnable: Runnable): Generator<Runnable> {
  yield runnable;
  for (const child of childrenOf(runnable.node)) yield* within(child as Runnable);
}

const kebab = (kind: string): string => kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const examples = Object.entries(everyKind());

describe("a kind of runnables", () => {
  it("has an example here", () => {
    expect(examples.map(([kind]) => kind).sort()).toEqual([...allKinds().keys()].sort());
    for (const [kind, runnable] of examples) expect(runnable.node.kind).toBe(kind);
  });

  it.each(examples)("%s has one name for kind, file and class", (kind, runnable) => {
    expect(runnable.constructor.name).toBe(OTHER_NAMES[kind] ?? `Runnable${kind[0]?.toUpperCase()}${kind.slice(1)}`);
    if (kind === "custom") return;
    const file = readFileSync(new URL(`${kebab(kind)}.ts`, FOLDER), "utf8");
    expect(file).toContain(`defineKind("${kind}", {`);
  });

  it.each(examples)("%s says of each field of its nodes what it holds", (kind, { node }) => {
    const fields = Object.keys(node).filter((field) => field !== "kind" && node[field] !== undefined);
    expect(Object.keys(kindOf({ kind })?.fields ?? {})).toEqual(expect.arrayContaining(fields));
  });

  it.each(examples)("%s lists the steps that it is made of", (_kind, { node }) => {
    const named = (value: unknown): unknown[] => {
      if (typeof value !== "object" || value === null) return [];
      if (isRunnable(value)) return [value];
      return Object.values(value).flatMap(named);
    };
    const { conversation, config, kwargs, ...rest } = node;
    const runnables = node.kind === "custom" ? [] : named(rest);
    expect(new Set(runnables)).toEqual(
      new Set([...childrenOf(node), ...runnables.filter((one) => one === node.runnable)]),
    );
  });

  it.each(examples)("%s is built again of its node", (_kind, runnable) => {
    expect(fromNode(runnable.node).constructor).toBe(runnable.constructor);
  });

  it.each(examples)("%s travels, or says why it stays", async (kind, runnable) => {
    const { stays, entersLane } = kindOf({ kind }) ?? {};
    if (stays !== undefined) {
      expect(() => shipTree(runnable, { where })).toThrow(stays);
      return;
    }
    if (kind === "custom") {
      expect(() => shipTree(runnable, { where })).toThrow("is of the class Nothing");
      return;
    }
    const revived = (await reviveTree(structuredClone(shipTree(runnable, { where })))) as unknown as Runnable;
    expect(revived.node.kind).toBe(entersLane ? "pick" : kind);
  });

  it.each(examples)("%s draws itself", (_kind, runnable) => {
    const graph = runnable.getGraph();
    expect(graph).toBeInstanceOf(Graph);
    expect([graph.firstNode(), graph.lastNode()]).not.toContain(undefined);
  });

  it.each(examples)("%s is saved and loaded, or says why it is not", async (kind, runnable) => {
    const text = JSON.stringify(runnable);
    const { unsaved } = kindOf({ kind }) ?? {};
    if (unsaved === undefined) {
      const loaded = await load<Runnable>(text);
      expect(loaded.node.kind).toBe(kind);
      expect(JSON.stringify(loaded)).toBe(text);
    } else {
      const told = kind === "foreign" || kind === "custom" ? /./ : unsaved;
      await expect(load(text)).rejects.toThrow(told);
    }
  });

  it("has a plan that names it", () => {
    for (const [, runnable] of examples) expect(runnable.explain().stages[0]?.steps.length).toBeGreaterThan(0);
  });

  it("stands in a file of its own", () => {
    const defined = readdirSync(FOLDER).flatMap((file) =>
      [...readFileSync(new URL(file, FOLDER), "utf8").matchAll(/^defineKind\("(\w+)"/gm)].map(([, kind]) => kind),
    );
    expect(defined.sort()).toEqual([...allKinds().keys()].filter((kind) => kind !== "custom").sort());
  });
});
