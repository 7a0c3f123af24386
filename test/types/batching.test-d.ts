import { expectTypeOf, it } from "vitest";
import {
  type Limits,
  type Runnable,
  RunnableBatched,
  type RunnableConfig,
  RunnableLambda,
  type RunnableLimited,
  type RunnableOnLane,
} from "../../src/index.ts";

it("a batched function gives a runnable of one input and one output", () => {
  const sync = RunnableLambda.batched((texts: string[]) => texts.map((text) => text.length));
  expectTypeOf(sync).toEqualTypeOf<RunnableBatched<string, number>>();
  expectTypeOf(sync.invoke("a")).resolves.toEqualTypeOf<number>();
  expectTypeOf(sync.batch(["a"])).resolves.toEqualTypeOf<number[]>();
  expectTypeOf(sync.batch(["a"], {}, { returnExceptions: true })).resolves.toEqualTypeOf<(number | Error)[]>();
  const later = RunnableLambda.batched(async (texts: string[]) => texts.map((text) => ({ text })));
  expectTypeOf(later).toEqualTypeOf<RunnableBatched<string, { text: string }>>();
  const frozen = RunnableLambda.batched((texts: string[]): readonly number[] => [texts.length]);
  expectTypeOf(frozen).toEqualTypeOf<RunnableBatched<string, number>>();
});

it("errors in the places of outputs are no outputs", () => {
  const picky = RunnableLambda.batched((texts: string[]) =>
    texts.map((text) => (text === "" ? new RangeError("empty") : text.length)),
  );
  expectTypeOf(picky).toEqualTypeOf<RunnableBatched<string, number>>();
  const later = RunnableLambda.batched(async (texts: string[]): Promise<(number | Error)[]> => [texts.length]);
  expectTypeOf(later).toEqualTypeOf<RunnableBatched<string, number>>();
});

it("generators give what they yield", () => {
  const later = RunnableLambda.batched(async function* (texts: string[]) {
    for (const text of texts) yield text.length;
  });
  expectTypeOf(later).toEqualTypeOf<RunnableBatched<string, number>>();
  const plain = RunnableLambda.batched(function* (texts: string[]) {
    for (const text of texts) yield text.length;
  });
  expectTypeOf(plain).toEqualTypeOf<RunnableBatched<string, number>>();
});

it("options know the input, and the function what it uses", () => {
  const batched = RunnableLambda.batched(
    (texts: string[], { uses, signal }) => {
      expectTypeOf(uses.factor).toEqualTypeOf<number>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal | undefined>();
      return texts.map((text) => text.length * uses.factor);
    },
    { uses: { factor: 2 }, batchSizeOf: (text) => text.length, maxBatchSize: 1000, lane: "thread" },
  );
  expectTypeOf(batched).toEqualTypeOf<RunnableBatched<string, number>>();
  const config = RunnableLambda.batched((texts: string[], options) => {
    expectTypeOf(options.configurable).toEqualTypeOf<Record<string, any> | undefined>();
    return texts;
  });
  expectTypeOf(config.invoke).parameter(1).toEqualTypeOf<Partial<RunnableConfig> | undefined>();
  // @ts-expect-error there is no such option
  RunnableLambda.batched((texts: string[]) => texts, { maxSize: 3 });
  // @ts-expect-error sizes are numbers
  RunnableLambda.batched((texts: string[]) => texts, { batchSizeOf: (text) => `${text}` });
  // @ts-expect-error a function of one input is a lambda
  RunnableLambda.batched((text: string) => text.length);
});

it("a batched function composes as any step", () => {
  const chain = RunnableLambda.from((x: number) => `${x}`)
    .pipe(RunnableLambda.batched((texts: string[]) => texts.map((text) => text.length)))
    .pipe((length) => [length]);
  expectTypeOf(chain).toEqualTypeOf<Runnable<number, number[]>>();
  const moved = RunnableLambda.batched((texts: string[]) => texts).withLane("thread");
  expectTypeOf(moved).toEqualTypeOf<RunnableOnLane<string, string>>();
  const made = new RunnableBatched({ func: (texts: string[]) => texts.map((text) => text.length) });
  expectTypeOf(made.invoke("a")).resolves.toEqualTypeOf<number>();
});

it("a lambda of a module's export can be batched", () => {
  type Module = { embed: (texts: string[]) => Promise<number[]> };
  const lambda = RunnableLambda.fromModule<Module, "embed">("file:///embed.js", "embed");
  expectTypeOf(RunnableLambda.batched(lambda)).toEqualTypeOf<RunnableBatched<string, number>>();
});

it("limits keep input, output and call options", () => {
  const limited = RunnableLambda.from((text: string) => text.length).withLimits({
    maxConcurrency: 2,
    ratePerSecond: 0.5,
  });
  expectTypeOf(limited).toEqualTypeOf<RunnableLimited<string, number>>();
  expectTypeOf(limited.invoke("a")).resolves.toEqualTypeOf<number>();
  expectTypeOf(limited.waiting).toEqualTypeOf<number>();
  expectTypeOf<Limits>().toEqualTypeOf<{
    maxConcurrency?: number | undefined;
    ratePerSecond?: number | undefined;
    burst?: number | undefined;
    scope?: "thread" | "cluster" | undefined;
    key?: string | undefined;
    broker?: string | undefined;
  }>();
  // @ts-expect-error there is no such option
  limited.withLimits({ rate: 3 });
  // @ts-expect-error numbers only
  limited.withLimits({ maxConcurrency: "2" });
});
