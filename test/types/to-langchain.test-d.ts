import type { AIMessage, BaseMessage } from "@langchain/core/messages";
import * as langchain from "@langchain/core/runnables";
import { expectTypeOf, it } from "vitest";
import { toLangChain } from "../../src/adapters/langchain/index.ts";
import { type Runnable, RunnableLambda, RunnableMap } from "../../src/index.ts";

const length = RunnableLambda.from((text: string) => text.length);
const adapted = toLangChain(length);

it("toLangChain keeps the types of input and output", () => {
  expectTypeOf(adapted).toEqualTypeOf<langchain.Runnable<string, number>>();
  expectTypeOf(adapted.invoke("")).resolves.toEqualTypeOf<number>();
  expectTypeOf(
    toLangChain(RunnableMap.from({ length, same: (text: string) => text })).invoke(""),
  ).resolves.toEqualTypeOf<{
    length: number;
    same: string;
  }>();
  // @ts-expect-error the input is a text
  adapted.invoke(1);
});

it("what it gives is taken where LangChain asks for its class", () => {
  new langchain.RunnableEach({ bound: adapted });
  new langchain.RunnableBranch<string, number>({
    branches: [[toLangChain(RunnableLambda.from(() => true)), adapted]],
    default: adapted,
  });
  langchain.RunnableLambda.from((text: string) => text.length).withFallbacks([adapted]);
  const chat = RunnableLambda.from((messages: BaseMessage[]) => messages.at(-1) as AIMessage);
  new langchain.RunnableWithMessageHistory<BaseMessage[], AIMessage>({
    runnable: toLangChain(chat),
    getMessageHistory: () => undefined as never,
    config: {},
  });
  // @ts-expect-error a Runlane runnable is not LangChain's class
  new langchain.RunnableEach({ bound: length });
});

it("what it gives is a step of Runlane", () => {
  expectTypeOf(RunnableLambda.from((x: number) => `${x}`).pipe(adapted)).toEqualTypeOf<Runnable<number, number>>();
});
