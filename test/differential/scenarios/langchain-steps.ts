import { AIMessageChunk } from "@langchain/core/messages";
import { CommaSeparatedListOutputParser, JsonOutputParser, StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate, MessagesPlaceholder, PromptTemplate } from "@langchain/core/prompts";
import { DynamicTool } from "@langchain/core/tools";
import { FakeListChatModel, FakeLLM, FakeRetriever, FakeStreamingChatModel } from "@langchain/core/utils/testing";
import { letters, upper } from "../functions.ts";
import { batch, events, eventsByRun, invoke, type Lib, type Scenario, stream } from "../harness.ts";

const prompt = ChatPromptTemplate.fromMessages([
  ["system", "Be {style}."],
  ["human", "{question}"],
]);
const model = (...responses: string[]) => new FakeListChatModel({ responses });
const asked = { style: "brief", question: "Why?" };

/** Prompt, model, parser: the chain that everybody writes. */
const chain = (lib: Lib) => lib.RunnableSequence.from([prompt, model("Because."), new StringOutputParser()]);

const json = ['{"a": 1, ', '"b": [1, ', "2]}"];
const streamingJson = () =>
  new FakeStreamingChatModel({ chunks: json.map((content) => new AIMessageChunk({ content })) });

export const langchainSteps: Scenario[] = [
  { name: "prompt, model, parser", build: chain, drive: invoke(asked) },
  { name: "prompt, model, parser, streamed", build: chain, drive: stream(asked) },
  {
    name: "prompt, model, parser, batched",
    build: (lib) => lib.RunnableSequence.from([prompt, model("a"), new StringOutputParser()]),
    drive: batch([asked, asked]),
  },
  { name: "callbacks of prompt, model, parser", build: chain, drive: invoke(asked), observe: "calls" },
  { name: "callbacks of prompt, model, parser, streamed", build: chain, drive: stream(asked), observe: "tree" },
  // The model does not wait for its handlers, so its events race with those of the chain.
  { name: "events of prompt, model, parser", build: chain, drive: eventsByRun(asked) },
  { name: "events of prompt, model, parser, version 1", build: chain, drive: eventsByRun(asked, { version: "v1" }) },
  {
    name: "a missing variable of a prompt",
    build: chain,
    drive: invoke({ style: "brief" }),
    fails: "own",
  },
  {
    name: "a prompt of text",
    build: (lib) => lib.RunnableLambda.from(upper).pipe(PromptTemplate.fromTemplate("Say {input}")),
    drive: invoke("a"),
    fails: "own",
  },
  {
    name: "a prompt with messages",
    build: (lib) =>
      lib.RunnableSequence.from([
        { past: () => [["human", "hi"]], question: (text: string) => text },
        ChatPromptTemplate.fromMessages([new MessagesPlaceholder("past"), ["human", "{question}"]]),
      ]),
    drive: invoke("Why?"),
  },
  {
    name: "an LLM of text",
    build: (lib) =>
      lib.RunnableSequence.from([PromptTemplate.fromTemplate("Say {a}"), new FakeLLM({ response: "hello" })]),
    drive: invoke({ a: 1 }),
    observe: "calls",
  },
  {
    name: "a parser of lists",
    build: (lib) => lib.RunnableSequence.from([prompt, model("a, b, c"), new CommaSeparatedListOutputParser()]),
    drive: stream(asked),
  },
  {
    name: "a parser of JSON gives objects that grow",
    build: (lib) => lib.RunnableSequence.from([prompt, streamingJson(), new JsonOutputParser()]),
    drive: stream(asked),
  },
  {
    name: "a lambda after a parser of JSON gets the last object",
    build: (lib) =>
      lib.RunnableSequence.from([
        prompt,
        streamingJson(),
        new JsonOutputParser(),
        (object: object) => Object.keys(object),
      ]),
    drive: stream(asked),
  },
  {
    name: "a bound model",
    build: (lib) =>
      lib.RunnableSequence.from([prompt, model("x").withConfig({ tags: ["bound"] }), new StringOutputParser()]),
    drive: invoke(asked),
    observe: "calls",
  },
  {
    name: "a model bound by the library",
    build: (lib) =>
      prompt.pipe(new lib.RunnableBinding({ bound: model("x"), config: { tags: ["bound"] }, kwargs: { stop: ["."] } })),
    drive: invoke(asked),
    observe: "calls",
  },
  {
    name: "a model that fails, with a fallback",
    build: (lib) =>
      lib.RunnableSequence.from([
        prompt,
        new lib.RunnableWithFallbacks({
          runnable: new FakeLLM({ thrownErrorString: "no model" }),
          fallbacks: [new FakeLLM({ response: "fallback" })],
        }),
      ]),
    drive: invoke(asked),
    observe: "calls",
  },
  {
    name: "a model that fails",
    build: (lib) => lib.RunnableSequence.from([prompt, new FakeLLM({ thrownErrorString: "no model" })]),
    drive: invoke(asked),
    observe: "calls",
    fails: "own",
  },
  {
    name: "a retriever",
    build: (lib) => lib.RunnableSequence.from([upper, new FakeRetriever()]),
    drive: invoke("query"),
    observe: "calls",
  },
  {
    name: "events of a retriever",
    build: (lib) => lib.RunnableSequence.from([upper, new FakeRetriever()]),
    drive: events("query"),
  },
  {
    name: "a tool",
    build: (lib) =>
      lib.RunnableSequence.from([
        upper,
        new DynamicTool({ name: "spell", description: "Spells.", func: async (text) => [...text].join("-") }),
      ]),
    drive: invoke("abc"),
    observe: "calls",
  },
  {
    name: "events of a tool",
    build: (lib) =>
      lib.RunnableSequence.from([
        upper,
        new DynamicTool({ name: "spell", description: "Spells.", func: async (text) => [...text].join("-") }),
      ]),
    drive: events("abc"),
  },
  {
    name: "a model in a map",
    build: (lib) => prompt.pipe(lib.RunnableMap.from({ a: model("a"), b: model("b") })),
    drive: invoke(asked),
    observe: "tree",
  },
  {
    name: "a model that a function returns",
    build: (lib) => lib.RunnableLambda.from(() => model("abc")),
    drive: stream("question"),
    observe: "calls",
  },
  {
    name: "a model called inside a function with the function's config",
    build: (lib) =>
      lib.RunnableLambda.from(
        async (text: string, config: object) => (await model("abc").invoke(text, config)).content,
      ),
    drive: invoke("question"),
    observe: "calls",
  },
  {
    name: "a branch of models",
    build: (lib) => lib.RunnableBranch.from([[(text: string) => text.length > 3, model("long")], model("short")]),
    drive: stream("text"),
    observe: "calls",
  },
  {
    name: "a generator into a parser",
    build: (lib) => lib.RunnableLambda.from(letters).pipe(new StringOutputParser()),
    drive: stream("abc"),
    observe: "tree",
  },
];
