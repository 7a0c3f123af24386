import { expectTypeOf, it } from "vitest";
import { type Runnable, RunnableGenerator, RunnableLambda, RunnableOnLane, type threads } from "../../src/index.ts";

type Module = typeof import("../fixtures/on-lane/typed.ts");
const url = new URL("../fixtures/on-lane/typed.ts", import.meta.url);

it("an export of a module gives the types of its step", () => {
  expectTypeOf(RunnableLambda.fromModule<Module, "score">(url, "score")).toEqualTypeOf<Runnable<string, number>>();
  expectTypeOf(RunnableLambda.fromModule<Module, "later">(url, "later")).toEqualTypeOf<
    Runnable<string, readonly [string, boolean | undefined]>
  >();
  expectTypeOf(RunnableLambda.fromModule<Module, "letters">(url, "letters")).toEqualTypeOf<Runnable<string, string>>();
  expectTypeOf(RunnableLambda.fromModule<Module, "words">(url, "words")).toEqualTypeOf<Runnable<string, string>>();
  expectTypeOf(RunnableLambda.fromModule<Module, "default">(url, "default", { lane: "thread" })).toEqualTypeOf<
    Runnable<number, boolean>
  >();
});

it("an export that is a runnable, Runlane's or LangChain's, gives its own types", () => {
  expectTypeOf(RunnableLambda.fromModule<Module, "ours">(url, "ours")).toEqualTypeOf<Runnable<number, { x: number }>>();
  expectTypeOf(RunnableLambda.fromModule<Module, "theirs">(url, "theirs")).toEqualTypeOf<Runnable<number, string>>();
  expectTypeOf(RunnableLambda.fromModule<Module, "makes">(url, "makes")).toEqualTypeOf<
    Runnable<number, { x: number }>
  >();
});

it("an export is a step of a typed chain", () => {
  const chain = RunnableLambda.from((x: number) => `${x}`).pipe(
    RunnableLambda.fromModule<Module, "score">(url, "score", { lane: "process" }),
  );
  expectTypeOf(chain).toEqualTypeOf<Runnable<number, number>>();
  // @ts-expect-error The step takes a string.
  RunnableLambda.from((x: number) => x).pipe(RunnableLambda.fromModule<Module, "score">(url, "score"));
});

it("without the module's type, an export is of any type", () => {
  expectTypeOf(RunnableLambda.fromModule(url, "score")).toEqualTypeOf<Runnable<any, any>>();
});

it("a name that the module does not export is refused", () => {
  // @ts-expect-error There is no such export.
  RunnableLambda.fromModule<Module, "scoer">(url, "scoer");
  // @ts-expect-error The two names differ.
  RunnableLambda.fromModule<Module, "score">(url, "later");
});

it("what a function uses has its type in the config", () => {
  const limited = RunnableLambda.from(
    (text: string, { uses, signal }) => {
      expectTypeOf(uses).toEqualTypeOf<{ limit: number; shout: (word: string) => string }>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal | undefined>();
      return uses.shout(text).length > uses.limit;
    },
    { uses: { limit: 5, shout: (word: string) => word.toUpperCase() } },
  );
  expectTypeOf(limited).toEqualTypeOf<Runnable<string, boolean>>();
  // @ts-expect-error It is not among what the function uses.
  RunnableLambda.from((text: string, { uses }) => text.length > uses.size, { uses: { limit: 5 } });
});

it("a lane changes where a runnable runs, and not its types", () => {
  const length = (text: string) => text.length;
  expectTypeOf(RunnableLambda.from(length, { lane: "thread" })).toEqualTypeOf<Runnable<string, number>>();
  expectTypeOf(RunnableLambda.from(length, { name: "length" })).toEqualTypeOf<RunnableLambda<string, number>>();
  expectTypeOf(RunnableLambda.from(length).withLane("process")).toEqualTypeOf<RunnableOnLane<string, number>>();
  expectTypeOf(RunnableOnLane.prototype.withLane)
    .parameter(0)
    .toEqualTypeOf<"loop" | "thread" | "process" | "auto" | ReturnType<typeof threads>>();
  const shout = RunnableGenerator.from(
    async function* (chunks: AsyncIterable<string>) {
      for await (const chunk of chunks) yield chunk.length;
    },
    { lane: "thread" },
  );
  expectTypeOf(shout).toEqualTypeOf<Runnable<string, number>>();
  // @ts-expect-error There is no such lane.
  RunnableLambda.from(length, { lane: "threads" });
  // @ts-expect-error There is no such lane.
  RunnableLambda.from(length).withLane("threads");
});
