import { FakeListChatModel } from "@langchain/core/utils/testing";
import { expectTypeOf, it } from "vitest";
import {
  type ConfigSpec,
  Runnable,
  type RunnableConfig,
  RunnableConfigurableAlternatives,
  RunnableConfigurableFields,
  RunnableLambda,
  type RunnableRetry,
  type RunnableWithFallbacks,
} from "../../src/index.ts";

const parse = RunnableLambda.from((text: string) => Number(text));

it("a retry keeps input and output, and its handlers know the input", () => {
  const retry = parse.withRetry({
    onFailedAttempt: (_error, input) => expectTypeOf(input).toEqualTypeOf<string>(),
    retryIf: (error, attempt) => {
      expectTypeOf(error).toBeUnknown();
      return attempt < 2;
    },
  });
  expectTypeOf(retry).toEqualTypeOf<RunnableRetry<string, number>>();
  expectTypeOf(retry.withConfig({ tags: ["a"] })).toEqualTypeOf<RunnableRetry<string, number>>();
  expectTypeOf(retry.invoke("1")).resolves.toEqualTypeOf<number>();
  // @ts-expect-error there is no such option
  parse.withRetry({ attempts: 3 });
  // @ts-expect-error milliseconds are a number
  parse.withRetry({ backoff: { initialDelayMs: "1s" } });
});

it("fallbacks add what they give to the output", () => {
  expectTypeOf(parse.withFallbacks([parse]).invoke("1")).resolves.toEqualTypeOf<number>();
  expectTypeOf(parse.withFallbacks([() => null]).invoke("1")).resolves.toEqualTypeOf<number | null>();
  expectTypeOf(parse.withFallbacks([async (text) => text.length]).invoke("1")).resolves.toEqualTypeOf<number>();
  const several = parse.withFallbacks([() => null, async (text) => [text], { a: (text: string) => text }]);
  expectTypeOf(several.invoke("1")).resolves.toEqualTypeOf<number | null | string[] | { a: string }>();
  const options = { fallbacks: [(text: string) => [text]], exceptionsToHandle: [TypeError] };
  expectTypeOf(parse.withFallbacks(options).invoke("1")).resolves.toEqualTypeOf<number | string[]>();
  // @ts-expect-error a fallback takes the same input
  parse.withFallbacks([(x: number) => x]);
  // @ts-expect-error a string is no error class
  parse.withFallbacks({ fallbacks: [parse], exceptionsToHandle: ["TypeError"] });
});

class Greeter extends Runnable<string, string> {
  greeting = "Hello";
}

it("configurable fields are those of the runnable", () => {
  const greet = new Greeter().configurableFields({ greeting: { id: "greeting" }, name: { id: "name" } });
  expectTypeOf(greet.invoke("Ada")).resolves.toEqualTypeOf<string>();
  expectTypeOf(greet.configSpecs()).toEqualTypeOf<ConfigSpec[]>();
  // @ts-expect-error there is no such field
  new Greeter().configurableFields({ greetings: { id: "greeting" } });
  // @ts-expect-error a field needs an id
  new Greeter().configurableFields({ greeting: { name: "Greeting" } });
  // @ts-expect-error a method is no field
  new Greeter().configurableFields({ invoke: { id: "invoke" } });
});

it("LangChain's runnables keep their types, and their fields are known", () => {
  const model = new FakeListChatModel({ responses: ["a"] });
  const configurable = RunnableConfigurableFields.from(model, { responses: { id: "responses" } });
  expectTypeOf(configurable.invoke("hello")).resolves.not.toBeAny();
  expectTypeOf(configurable.invoke("hello")).resolves.toEqualTypeOf<Awaited<ReturnType<typeof model.invoke>>>();
  // @ts-expect-error there is no such field
  RunnableConfigurableFields.from(model, { response: { id: "responses" } });
  const alternatives = RunnableConfigurableAlternatives.from(model, { id: "model" }, { other: () => model });
  expectTypeOf(alternatives.invoke("hello")).resolves.toEqualTypeOf<Awaited<ReturnType<typeof model.invoke>>>();
});

it("alternatives add what they give to the output", () => {
  const same = parse.configurableAlternatives({ id: "how" }, { other: RunnableLambda.from(() => 1) });
  expectTypeOf(same.invoke("1")).resolves.toEqualTypeOf<number>();
  const lazy = parse.configurableAlternatives({ id: "how" }, { other: () => RunnableLambda.from(() => "text") });
  expectTypeOf(lazy.invoke("1")).resolves.toEqualTypeOf<number | string>();
  const later = parse.configurableAlternatives({ id: "how" }, { other: async () => RunnableLambda.from(() => null) });
  expectTypeOf(later.invoke("1")).resolves.toEqualTypeOf<number | null>();
  const several = parse.configurableAlternatives(
    { id: "how" },
    { a: { b: parse }, c: () => RunnableLambda.from(() => "") },
  );
  expectTypeOf(several.invoke("1")).resolves.toEqualTypeOf<number | string | { b: number }>();
  // @ts-expect-error a choice needs an id
  parse.configurableAlternatives({ name: "how" }, {});
  // @ts-expect-error an alternative takes the same input
  parse.configurableAlternatives({ id: "how" }, { other: RunnableLambda.from((x: number) => x) });
});

it("wrappers that take more and give less stand for those that take less and give more", () => {
  expectTypeOf<RunnableRetry<string | number, "x">>().toExtend<RunnableRetry<string, string>>();
  expectTypeOf<RunnableWithFallbacks<string | number, "x">>().toExtend<RunnableWithFallbacks<string, string>>();
  expectTypeOf<RunnableConfigurableFields<string | number, "x">>().toExtend<Runnable<string, string>>();
  expectTypeOf<RunnableConfigurableAlternatives<string | number, "x">>().toExtend<Runnable<string, string>>();
  const anyOptions = <CallOptions extends RunnableConfig>(runnable: Runnable<string, string, CallOptions>): Runnable =>
    runnable;
  expectTypeOf(anyOptions).toBeFunction();
});
