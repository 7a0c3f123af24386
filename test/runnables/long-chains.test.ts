import { expect, it } from "vitest";
import { RunnableLambda, RunnableParallel, RunnableSequence } from "../../src/index.ts";

const add = (x: number) => x + 1;

it("a chain that is piped together step by step is the sequence of its steps", async () => {
  let chain = RunnableLambda.from(add).pipe(add);
  const before = chain;
  for (let count = 2; count < 2000; count++) chain = chain.pipe(add);
  expect(await chain.invoke(0)).toBe(2000);
  expect((chain as RunnableSequence).steps).toHaveLength(2000);
  expect((before as RunnableSequence).steps).toHaveLength(2);
  expect(await before.pipe((x) => x * 10).invoke(0)).toBe(20);
});

it("what is piped twice to one chain is two chains", async () => {
  const start = RunnableSequence.from<number, number>([add, add]);
  const middle = start.pipe(add);
  const [left, right] = [middle.pipe((x) => `${x}`), middle.pipe({ x: add })];
  expect(await left.invoke(0)).toBe("3");
  expect(await right.invoke(0)).toEqual({ x: 4 });
  expect(await middle.pipe(start).pipe(add).invoke(0)).toBe(6);
});

it("what is piped keeps the name, and saves what it is made of", () => {
  const named = RunnableSequence.from<number, number>([add, add], "twice").pipe(add);
  expect(named.getName()).toBe("twice");
  const steps = [add, add, add] as [typeof add, typeof add, typeof add];
  expect(JSON.stringify(named)).toBe(JSON.stringify(RunnableSequence.from<number, number>(steps, "twice")));
});

it("a step that cannot be piped is refused where it is piped", () => {
  const chain = RunnableSequence.from<number, number>([add, add]);
  expect(() => chain.pipe(add).pipe(7 as never)).toThrow(expect.objectContaining({ code: "RUNLANE_NOT_RUNNABLE" }));
});

it("the Mermaid text of a parallel of many keys names them all and repeats none at its edges", () => {
  const keys = Array.from({ length: 300 }, (_, index) => `branch ${index}`);
  const text = RunnableParallel.from<number>(Object.fromEntries(keys.map((key) => [key, add])))
    .getGraph()
    .drawMermaid();
  for (const key of keys) expect(text).toContain(key);
  expect(text.length).toBeLessThan(keys.length * 300);
});
