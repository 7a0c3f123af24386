import { expect, it } from "vitest";
import { RouterRunnable, RunnableBranch, RunnableGenerator, RunnableLambda } from "../../src/index.ts";
import { Places } from "./places.ts";
import { all } from "./support.ts";

class Condition extends RunnableLambda<number, boolean> {}
class Choice extends RunnableLambda<number, string> {}

const sign = RunnableBranch.from<number, string>([
  [new Condition({ func: (x) => x > 0 }), new Choice({ func: () => "plus" })],
  [new Condition({ func: async (x) => x < 0 }), new Choice({ func: async () => "minus" })],
  new Choice({ func: () => "zero" }),
]);

it.each([
  [1, "plus", ["condition:1"], "branch:1"],
  [-1, "minus", ["condition:1", "condition:2"], "branch:2"],
  [0, "zero", ["condition:1", "condition:2"], "branch:default"],
])(
  "a branch tells observers the places of its conditions and of what it chose for %d",
  async (input, output, conditions, choice) => {
    const invoked = new Places();
    expect(await sign.invoke(input, invoked.config())).toBe(output);
    expect(invoked.of("Condition")).toEqual(conditions);
    expect(invoked.of("Choice")).toEqual([choice]);
    const streamed = new Places();
    expect(await all(await sign.stream(input, streamed.config()))).toEqual([output]);
    expect(streamed.of("Condition")).toEqual(conditions);
    expect(streamed.of("Choice")).toEqual([choice]);
  },
);

it("a router hands the name of the call on to the runnable that it chose", async () => {
  const places = new Places();
  const router = new RouterRunnable({ runnables: { a: (x: number) => x } });
  await router.invoke({ key: "a", input: 1 }, { ...places.config(), runName: "mine" });
  expect(places.names("RunnableLambda")).toEqual(["mine"]);
});

it("a router streams what it chose", async () => {
  const letters = RunnableGenerator.from<string, string>(async function* (chunks) {
    for await (const chunk of chunks) yield* chunk;
  });
  const router = new RouterRunnable({ runnables: { letters } });
  expect(await all(await router.stream({ key: "letters", input: "abc" }))).toEqual(["a", "b", "c"]);
});
