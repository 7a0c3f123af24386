import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import * as langchain from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { expectTypeOf, it } from "vitest";
import {
  type RouterInput,
  RouterRunnable,
  type Runnable,
  RunnableAssign,
  RunnableBinding,
  RunnableBranch,
  type RunnableConfig,
  RunnableEach,
  RunnableLambda,
  RunnableMap,
  RunnablePassthrough,
  RunnablePick,
  RunnableRetry,
  RunnableSequence,
  RunnableWithFallbacks,
} from "../../src/index.ts";

const length = RunnableLambda.from((text: string) => text.length);
const theirs = langchain.RunnableLambda.from((x: number) => [x]);

it("a runnable of unknown input is one of any input, and one of a narrow output is one of a wide output", () => {
  expectTypeOf<Runnable<unknown, 1>>().toExtend<Runnable<string, number>>();
  expectTypeOf<Runnable<unknown, "a">>().toExtend<Runnable<number, unknown>>();
});

it("LangChain's runnables are steps without a cast, and infer", () => {
  expectTypeOf(length.pipe(theirs)).toEqualTypeOf<Runnable<string, number[]>>();
  expectTypeOf(RunnableMap.from({ theirs, ours: (x: number) => `${x}` }).invoke(1)).resolves.toEqualTypeOf<{
    theirs: number[];
    ours: string;
  }>();
  const chain = RunnableLambda.from((topic: string) => ({ topic }))
    .pipe(ChatPromptTemplate.fromTemplate("{topic}"))
    .pipe(new FakeListChatModel({ responses: [] }))
    .pipe(new StringOutputParser());
  expectTypeOf(chain).toEqualTypeOf<Runnable<string, string>>();
});

it("Runlane's runnables are LangChain's steps without a cast, and infer", () => {
  expectTypeOf(langchain.RunnableLambda.from((x: number) => `${x}`).pipe(length)).toEqualTypeOf<
    langchain.Runnable<number, number>
  >();
  expectTypeOf(
    langchain.RunnableMap.from({ length, same: new RunnablePassthrough<string>() }).invoke(""),
  ).resolves.toEqualTypeOf<{
    length: number;
    same: string;
  }>();
  langchain.RunnableSequence.from<string, number>([(text: string) => text, length]);
  langchain.RunnableBranch.from<string, number>([[() => true, length], length]);
});

it("configs are those of LangChain, and its functions take them", () => {
  expectTypeOf<RunnableConfig>().toExtend<langchain.RunnableConfig>();
  expectTypeOf<langchain.RunnableConfig>().toExtend<RunnableConfig>();
  RunnableLambda.from((x: number, config) => theirs.invoke(x, config));
  langchain.RunnableLambda.from((text: string, config) => length.invoke(text, config));
});

it("classes have as many type parameters as LangChain's, in the same order", () => {
  new RunnableBinding<string, number, RunnableConfig>({ bound: length, config: {} });
  new RunnableRetry<string, number, RunnableConfig>({ bound: length, config: {} });
  new RunnableEach<string, number, RunnableConfig>({ bound: length });
  new RunnableWithFallbacks<string, number>({ runnable: length, fallbacks: [] });
  new RunnableBranch<string, number>({ branches: [], default: length });
  new RouterRunnable<RouterInput, string, number>({ runnables: { length } });
  new RunnablePick<{ a: number }, number, RunnableConfig>("a");
  new RunnableAssign<{ a: string }, { a: string; b: number }, RunnableConfig>(
    RunnableMap.from<{ a: string }, { b: number }>({ b: ({ a }) => a.length }),
  );
  RunnablePassthrough.assign<{ a: string }, { b: number }>({ b: ({ a }) => a.length });
  RunnableSequence.from<string, number>([(text: string) => text, length]);
});
