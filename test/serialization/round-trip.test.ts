import {
  type Arbitrary,
  assert,
  asyncProperty,
  constantFrom,
  dictionary,
  jsonValue,
  letrec,
  oneof,
  record,
  tuple,
} from "fast-check";
import { describe, expect, it } from "vitest";
import {
  load,
  RouterRunnable,
  type Runnable,
  RunnableBranch,
  RunnableMap,
  RunnablePassthrough,
  RunnablePick,
  RunnableSequence,
} from "../../src/index.ts";
import { everything } from "../everything.ts";

const key = constantFrom("a", "b", "camelCase", "snake_case", "lc", "__lc_escaped__", "id", "type", "kwargs", "0");

/** Random trees of runnables that can be saved. They may fail, the loaded one then like the saved one. */
const { tree } = letrec<{ tree: Runnable }>((tie) => {
  const steps = dictionary(key, tie("tree") as Arbitrary<Runnable>, { maxKeys: 3 });
  return {
    tree: oneof(
      { maxDepth: 4, withCrossShrink: true },
      constantFrom(new RunnablePassthrough()),
      key.map((name) => new RunnablePick(name)),
      tuple(key, key).map((names) => new RunnablePick(names)),
      steps.map((mapping) => RunnableMap.from(mapping)),
      steps.map((mapping) => RunnablePassthrough.assign(mapping) as Runnable),
      steps.map((runnables) => new RouterRunnable({ runnables }) as Runnable),
      tuple(tie("tree"), tie("tree")).map(([first, second]) => first.pipe(second)),
      tuple(tie("tree"), tie("tree"), tie("tree")).map((all) => RunnableSequence.from(all, "named")),
      tuple(tie("tree"), tie("tree"), tie("tree")).map(([condition, branch, otherwise]) =>
        RunnableBranch.from([[condition, branch], otherwise]),
      ),
      tie("tree").map((bound) => bound.map()),
      tuple(tie("tree"), dictionary(key, jsonValue({ maxDepth: 2 }))).map(([bound, metadata]) =>
        bound.withConfig({ metadata }),
      ),
      tuple(tie("tree"), tie("tree")).map(([first, second]) => first.withFallbacks([second])),
    ),
  };
});

const input = oneof(
  jsonValue({ maxDepth: 3 }),
  dictionary(key, jsonValue({ maxDepth: 2 })),
  record({ key, input: dictionary(key, jsonValue({ maxDepth: 1 })) }),
);

async function outcomeOf(runnable: Runnable, value: unknown): Promise<unknown> {
  try {
    return { output: await runnable.invoke(value) };
  } catch (error) {
    return { message: (error as Error).message };
  }
}

describe("load(JSON.stringify(tree))", () => {
  it("does what the tree does, and is saved as it is", async () => {
    await assert(
      asyncProperty(tree, input, async (saved, value) => {
        const text = JSON.stringify(saved);
        const loaded = await load<Runnable>(text, { maxDepth: 1_000 });
        expect(JSON.stringify(loaded)).toBe(text);
        expect(await outcomeOf(loaded, value)).toEqual(await outcomeOf(saved, value));
      }),
      { numRuns: everything ? 500 : 100 },
    );
  });
});
