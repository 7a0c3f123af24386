import { expectTypeOf, it } from "vitest";
import { type Runnable, RunnableLambda, RunnableParallel, RunnablePassthrough } from "../../src/index.ts";

const increment = RunnableLambda.from((x: number) => x + 1);

it("a chain infers from end to end", () => {
  expectTypeOf(increment.pipe((x) => String(x))).toEqualTypeOf<Runnable<number, string>>();
  expectTypeOf(increment.pipe(async (x) => String(x))).toEqualTypeOf<Runnable<number, string>>();
  expectTypeOf(increment.pipe((x) => String(x)).invoke(1)).resolves.toEqualTypeOf<string>();
});

it("async and generator functions give what they resolve to and yield", () => {
  expectTypeOf(RunnableLambda.from(async (x: number) => [x]).invoke(1)).resolves.toEqualTypeOf<number[]>();
  const letters = RunnableLambda.from(function* (text: string) {
    yield text.length;
  });
  expectTypeOf(letters.invoke("a")).resolves.toEqualTypeOf<number>();
  const later = RunnableLambda.from(async function* (text: string) {
    yield text.length;
  });
  expectTypeOf(later.invoke("a")).resolves.toEqualTypeOf<number>();
});

it("parallel infers its keys", () => {
  const both = RunnableParallel.from({ length: (text: string) => text.length, upper: (text: string) => [text] });
  expectTypeOf(both.invoke("a")).resolves.toEqualTypeOf<{ length: number; upper: string[] }>();
});

it("assign infers its keys and pick takes them", () => {
  const sized = RunnablePassthrough.assign({ size: (input: { text: string }) => input.text.length });
  expectTypeOf(sized.invoke({ text: "a" })).resolves.toExtend<{ text: string; size: number }>();
  expectTypeOf(sized.pick("size").invoke({ text: "a" })).resolves.toEqualTypeOf<number>();
});

it("map and batch give arrays of outputs", () => {
  expectTypeOf(increment.map()).toEqualTypeOf<Runnable<number[], number[]>>();
  expectTypeOf(increment.batch([1])).resolves.toEqualTypeOf<number[]>();
  expectTypeOf(increment.batch([1], {}, { returnExceptions: true })).resolves.toEqualTypeOf<(number | Error)[]>();
});

it("a wrong pipe and a wrong input do not compile", () => {
  // @ts-expect-error a number is no string
  increment.pipe((text: string) => text.length);
  // @ts-expect-error a string is no number
  increment.invoke("one");
});

it("nothing is any", () => {
  const chain = increment.pipe((x) => ({ x }));
  expectTypeOf(chain.invoke(1)).resolves.not.toBeAny();
  expectTypeOf(chain.stream(1)).resolves.not.toBeAny();
});
