import { expectTypeOf, it } from "vitest";
import {
  RouterRunnable,
  type Runnable,
  RunnableBranch,
  RunnableLambda,
  RunnableParallel,
  RunnablePassthrough,
  RunnableSequence,
} from "../../src/index.ts";

interface Loaded {
  n: number;
}

const load = RunnableLambda.from(async (text: string): Promise<Loaded> => ({ n: text.length }));
const asText = RunnableLambda.from(({ n }: Loaded) => `${n}`);

it("a function that returns a runnable gives what that gives, after a pipe", () => {
  expectTypeOf(load.pipe(() => asText)).toEqualTypeOf<Runnable<string, string>>();
  expectTypeOf(load.pipe(async () => asText)).toEqualTypeOf<Runnable<string, string>>();
  expectTypeOf(load.pipe(({ n }) => (n > 1 ? asText : load))).toEqualTypeOf<Runnable<string, string | Loaded>>();
  expectTypeOf(load.pipe(async ({ n }) => (n > 1 ? asText : Boolean(n)))).toEqualTypeOf<
    Runnable<string, string | boolean>
  >();
  expectTypeOf(load.map().pipe(() => RunnableLambda.from((all: Loaded[]) => all.length))).toEqualTypeOf<
    Runnable<string[], number>
  >();
});

it("in sequences, parallels and assignments", () => {
  expectTypeOf(RunnableSequence.from([load, () => asText])).toEqualTypeOf<RunnableSequence<string, string>>();
  expectTypeOf(RunnableSequence.from([load, async ({ n }: Loaded) => (n > 1 ? asText : n)]).invoke(""))
    .resolves //
    .toEqualTypeOf<string | number>();
  expectTypeOf(load.pipe({ a: () => asText, b: ({ n }) => n, c: async () => asText }).invoke(""))
    .resolves //
    .toEqualTypeOf<{ a: string; b: number; c: string }>();
  expectTypeOf(RunnableParallel.from({ a: (_: Loaded) => asText }).invoke({ n: 1 }))
    .resolves //
    .toEqualTypeOf<{ a: string }>();
  expectTypeOf(
    load
      .assign({ text: () => asText })
      .pick("text")
      .invoke(""),
  ).resolves.toEqualTypeOf<string>();
});

it("in branches, routes and fallbacks", () => {
  const branch = RunnableBranch.from([[({ n }: Loaded) => n > 1, () => asText], ({ n }) => `${n}`]);
  expectTypeOf(branch).toEqualTypeOf<RunnableBranch<Loaded, string>>();
  expectTypeOf(RunnableBranch.from([[({ n }: Loaded) => n > 1, () => "many"], () => asText])).toEqualTypeOf<
    RunnableBranch<Loaded, string>
  >();
  const router = new RouterRunnable({ runnables: { text: () => asText } });
  expectTypeOf(router.invoke({ key: "text", input: { n: 1 } })).resolves.toEqualTypeOf<string>();
  expectTypeOf(load.withFallbacks([() => asText]).invoke("")).resolves.toEqualTypeOf<Loaded | string>();
});

it("what takes another input does not compile", () => {
  const shout = RunnableLambda.from((text: string) => text.toUpperCase());
  // @ts-expect-error the runnable that is returned takes no object
  RunnableLambda.from(({ n }: Loaded) => (n > 1 ? shout : shout));
});

it("a lambda that is made in a pipe knows its input", () => {
  expectTypeOf(load.pipe(RunnableLambda.from((loaded) => loaded.n))).toEqualTypeOf<Runnable<string, number>>();
  expectTypeOf(load.pipe(RunnableLambda.from(async ({ n }) => [n], { name: "list" }))).toEqualTypeOf<
    Runnable<string, number[]>
  >();
  expectTypeOf(load.pipe(RunnableLambda.from(({ n }) => n, { lane: "thread" }))).toEqualTypeOf<
    Runnable<string, number>
  >();
  expectTypeOf(load.pipe(RunnableLambda.from(({ n }, { uses }) => n + uses.more, { uses: { more: 1 } }))).toEqualTypeOf<
    Runnable<string, number>
  >();
  // @ts-expect-error there is no such key
  load.pipe(RunnableLambda.from((loaded) => loaded.m));
});

it("assigned keys come to all keys of the chain before", () => {
  const report = load
    .pipe({ count: ({ n }) => n, text: async ({ n }) => `${n}` })
    .pipe(RunnablePassthrough.assign({ verdict: ({ count }: { count: number }) => (count > 3 ? "long" : "short") }));
  expectTypeOf(report.invoke("")).resolves.toExtend<{ count: number; text: string; verdict: "long" | "short" }>();
  expectTypeOf(report.pick("text").invoke("")).resolves.toEqualTypeOf<string>();
  // @ts-expect-error nobody has added this one
  report.pipe(({ title }) => title);
});

it("what a chain is assigned to still says which literals and tuples are meant", () => {
  const kinds: Runnable<string, { kind: "few" | "many" }> = load.pipe(({ n }) => ({ kind: n > 1 ? "many" : "few" }));
  const pair: Runnable<string, [number, string]> = load.pipe(({ n }) => [n, ""]);
  expectTypeOf(kinds.pipe(({ kind }) => kind)).toEqualTypeOf<Runnable<string, "few" | "many">>();
  expectTypeOf(pair.pipe(([n]) => n)).toEqualTypeOf<Runnable<string, number>>();
});

it("functions of generic code stay generic", () => {
  const boxed = <T>(runnable: Runnable<string, T>) => runnable.pipe((content) => ({ content }));
  const same = <T>(runnable: Runnable<string, T>) => runnable.pipe((content) => content);
  expectTypeOf(boxed(load).invoke("")).resolves.toEqualTypeOf<{ content: Loaded }>();
  expectTypeOf(same(load).invoke("")).resolves.toEqualTypeOf<Loaded>();
});

it("unknown, any and never are what they were", () => {
  expectTypeOf(load.pipe((): unknown => 1).invoke("")).resolves.toBeUnknown();
  expectTypeOf(load.pipe(() => JSON.parse("1")).invoke("")).resolves.toBeAny();
  expectTypeOf(
    load
      .pipe(() => {
        throw new Error("no");
      })
      .invoke(""),
  ).resolves.toBeNever();
});
