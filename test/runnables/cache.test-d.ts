import { expectTypeOf, it } from "vitest";
import { type CacheStatistics, type Runnable, type RunnableCache, RunnableLambda } from "../../src/index.ts";

const step = RunnableLambda.from(async (text: string) => text.length);

it("keeps the types of what it is around", () => {
  const cached = step.withCache({ ttlMs: 1, key: (text) => text.trim() });
  expectTypeOf(cached).toEqualTypeOf<RunnableCache<string, number>>();
  expectTypeOf(cached.invoke("a")).toEqualTypeOf<Promise<number>>();
  expectTypeOf(cached.statistics()).toEqualTypeOf<CacheStatistics>();
  expectTypeOf(cached.pipe((length) => length + 1)).toExtend<Runnable<string, number>>();
  expectTypeOf(step.withCache({ store: new Map() })).toEqualTypeOf<RunnableCache<string, number>>();
});

it("refuses what is no option", () => {
  // @ts-expect-error a number is no key
  step.withCache({ key: (text) => text.length });
  // @ts-expect-error there is no such option
  step.withCache({ ttl: 5 });
  // @ts-expect-error a store can be written to
  step.withCache({ store: { get: () => 1 } });
});
