/** What happens when a model is down: another one answers, for one input, for many, and in a stream. */
import { AIMessage, type BaseMessage } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { PromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda, RunnableSequence, RunnableWithFallbacks } from "@langchain/core/runnables";
import { FakeListChatModel, FakeStreamingChatModel } from "@langchain/core/utils/testing";

const down = new FakeStreamingChatModel({ thrownErrorString: "the first model is down" });
const spare = new FakeListChatModel({ responses: ["The tide turns at noon."] });
const prompt = PromptTemplate.fromTemplate("When does the tide turn at {place}?");

const chain = RunnableSequence.from([prompt, down.withFallbacks([spare]), new StringOutputParser()]);
console.log("model:", await chain.invoke({ place: "the pier" }));

const pieces: string[] = [];
for await (const piece of await chain.stream({ place: "the pier" })) pieces.push(piece);
console.log("streamed:", pieces.length, pieces.join(""));

// Whole chains can stand in for each other too.
const broken = RunnableSequence.from<{ place: string }, string>([prompt, down, new StringOutputParser()]);
const canned = RunnableLambda.from((input: { place: string }) => `No forecast for ${input.place} today.`);
const robust = broken.withFallbacks({ fallbacks: [broken, canned] });
console.log("chain:", await robust.invoke({ place: "the lighthouse" }));
console.log("batch:", await robust.batch([{ place: "a" }, { place: "b" }]));

const hopeless = broken.withFallbacks([
  RunnableLambda.from((_: { place: string }): string => {
    throw new Error("the second error");
  }),
]);
console.log("first error wins:", await hopeless.invoke({ place: "x" }).catch((error: Error) => error.message));

const counted: string[] = [];
const attempt = (name: string, fails: boolean) =>
  RunnableLambda.from((text: string): string => {
    counted.push(name);
    if (fails) throw new Error(name);
    return `${name} took ${text}`;
  });
const explicit = new RunnableWithFallbacks<string, string>({
  runnable: attempt("one", true),
  fallbacks: [attempt("two", true), attempt("three", false), attempt("four", false)],
});
console.log(await explicit.invoke("it"), counted);

// A fallback inside a longer chain gets the input of its place.
const shout = RunnableLambda.from((text: string) => text.trim())
  .pipe(explicit)
  .pipe((text: string) => text.toUpperCase());
console.log(await shout.invoke("  them  "));

const asMessages = RunnableLambda.from((): BaseMessage => {
  throw new Error("no message");
}).withFallbacks([RunnableLambda.from((): BaseMessage => new AIMessage("a message"))]);
console.log((await asMessages.pipe(new StringOutputParser()).invoke("")).length);
