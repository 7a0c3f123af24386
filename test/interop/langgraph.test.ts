import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import * as langchain from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import {
  Annotation,
  Command,
  END,
  interrupt,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import {
  RunnableBranch,
  type RunnableInterface,
  RunnableLambda,
  RunnableMap,
  RunnablePassthrough,
  RunnableSequence,
} from "../../src/index.ts";
import { all } from "../runnables/support.ts";

const State = Annotation.Root({
  text: Annotation<string>(),
  log: Annotation<string[]>({ reducer: (before, after) => before.concat(after), default: () => [] }),
});
type State = typeof State.State;

const note = (name: string) => RunnableLambda.from(({ text }: State) => ({ log: [`${name}:${text}`] }));
const theirs = langchain.RunnableLambda.from(({ text }: State) => ({ log: [`theirs:${text}`] }));

describe("Runlane's runnables as nodes of a LangGraph graph", () => {
  const graph = new StateGraph(State)
    .addNode("lambda", note("lambda"))
    .addNode("theirs", theirs)
    .addNode(
      "sequence",
      RunnableSequence.from([note("sequence"), ({ log }: { log: string[] }) => ({ log: [...log, "!"] })]),
    )
    .addNode("map", RunnableMap.from<State, { log: string[] }>({ log: ({ text }: State) => [`map:${text}`] }))
    .addNode("branch", RunnableBranch.from<State, { log: string[] }>([[() => true, note("branch")], note("default")]))
    .addNode("bound", note("bound").withConfig({ tags: ["bound"] }))
    .addEdge(START, "lambda")
    .addEdge("lambda", "theirs")
    .addEdge("theirs", "sequence")
    .addEdge("sequence", "map")
    .addEdge("map", "branch")
    .addEdge("branch", "bound")
    .compile();
  const log = ["lambda:x", "theirs:x", "sequence:x", "!", "map:x", "branch:x", "bound:x"];

  it("write to the state", async () => {
    expect(await graph.invoke({ text: "x" })).toEqual({ text: "x", log });
  });

  it("are seen in the streams of updates and of values", async () => {
    const updates = await all(await graph.stream({ text: "x" }, { streamMode: "updates" }));
    expect(updates.map((update) => Object.keys(update)[0])).toEqual([
      "lambda",
      "theirs",
      "sequence",
      "map",
      "branch",
      "bound",
    ]);
    const values = await all(await graph.stream({ text: "x" }, { streamMode: "values" }));
    expect(values.at(-1)).toEqual({ text: "x", log });
  });

  it("decide where to go on", async () => {
    const routed = new StateGraph(State)
      .addNode("a", note("a"))
      .addNode("b", note("b"))
      .addConditionalEdges(START, RunnableLambda.from(({ text }: State) => (text === "x" ? "a" : "b")) as never, [
        "a",
        "b",
      ])
      .compile();
    expect((await routed.invoke({ text: "x" })).log).toEqual(["a:x"]);
    expect((await routed.invoke({ text: "y" })).log).toEqual(["b:y"]);
  });

  it("read the configurable values of the call and write custom chunks", async () => {
    const node = RunnableLambda.from((_: State, config) => {
      config.writer({ progress: 1 });
      return { log: [config.configurable?.who as string] };
    });
    const custom = new StateGraph(State).addNode("node", node).addEdge(START, "node").addEdge("node", END).compile();
    expect((await custom.invoke({ text: "" }, { configurable: { who: "me" } })).log).toEqual(["me"]);
    expect(await all(await custom.stream({ text: "" }, { streamMode: "custom" }))).toEqual([{ progress: 1 }]);
  });

  it("return commands", async () => {
    const jump = RunnableLambda.from((_: State) => new Command({ goto: "end", update: { log: ["jumped"] } }));
    const commanded = new StateGraph(State)
      .addNode("jump", jump as never, { ends: ["end"] })
      .addNode("end", note("end"))
      .addEdge(START, "jump")
      .compile();
    expect((await commanded.invoke({ text: "x" })).log).toEqual(["jumped", "end:x"]);
  });

  it("are interrupted and resumed", async () => {
    const ask = RunnableLambda.from((_: State) => ({ log: [`answer:${interrupt("sure?")}`] }));
    const paused = new StateGraph(State)
      .addNode("ask", RunnableLambda.from((state: State) => state).pipe(ask))
      .addEdge(START, "ask")
      .compile({ checkpointer: new MemorySaver() });
    const thread = { configurable: { thread_id: "1" } };
    await paused.invoke({ text: "x" }, thread);
    expect((await paused.getState(thread)).next).toEqual(["ask"]);
    expect((await paused.invoke(new Command({ resume: "yes" }), thread)).log).toEqual(["answer:yes"]);
  });

  it("stream the tokens of a model inside them", async () => {
    const speak = RunnableSequence.from([
      ({ messages }: { messages: BaseMessage[] }) => ({ last: messages.at(-1)?.content }),
      ChatPromptTemplate.fromTemplate("{last}"),
      new FakeListChatModel({ responses: ["abc"] }),
      (message: BaseMessage) => ({ messages: [message] }),
    ]);
    const speaker = new StateGraph(MessagesAnnotation).addNode("speak", speak).addEdge(START, "speak").compile();
    const chunks = await all(await speaker.stream({ messages: [new HumanMessage("hi")] }, { streamMode: "messages" }));
    const spoken = chunks.filter(([, metadata]) => metadata.langgraph_node === "speak");
    expect(spoken.map(([message]) => message.content).join("")).toBe("abc");
    expect(spoken.length).toBeGreaterThanOrEqual(3);
  });
});

describe("a LangGraph graph in a Runlane chain", () => {
  const graph = new StateGraph(State)
    .addNode("one", note("one"))
    .addNode("two", theirs)
    .addEdge(START, "one")
    .addEdge("one", "two")
    .compile();
  /** LangGraph's types say that a stream of updates is what a graph returns; LangChain's `pipe` needs the same cast. */
  const step = <In, Out>(compiled: unknown) => compiled as RunnableInterface<In, Out>;

  it("is a step", async () => {
    const chain = RunnableSequence.from([(text: string) => ({ text }), graph, ({ log }: State) => log.join()]);
    expect(await chain.invoke("x")).toBe("one:x,theirs:x");
    expect(await chain.batch(["x", "y"])).toEqual(["one:x,theirs:x", "one:y,theirs:y"]);
  });

  it("streams its updates as the last step", async () => {
    const chain = RunnableSequence.from([(text: string) => ({ text }), step<{ text: string }, unknown>(graph)]);
    const chunks = await all(await chain.stream("x", { streamMode: "updates" } as never));
    expect(chunks).toEqual([{ one: { log: ["one:x"] } }, { two: { log: ["theirs:x"] } }]);
  });

  it("is a value of a map and what a function returns", async () => {
    const map = RunnableMap.from({ graph, same: new RunnablePassthrough<{ text: string }>() });
    expect(await map.invoke({ text: "x" })).toEqual({
      graph: { text: "x", log: ["one:x", "theirs:x"] },
      same: { text: "x" },
    });
    const returned = RunnableLambda.from<{ text: string }, State>(() => graph as never);
    expect((await returned.invoke({ text: "x" })).log).toEqual(["one:x", "theirs:x"]);
  });

  it("answers with the messages of a chain around a parser", async () => {
    const chat = new StateGraph(MessagesAnnotation)
      .addNode(
        "reply",
        RunnableLambda.from(() => ({ messages: [new AIMessage("pong")] })),
      )
      .addEdge(START, "reply")
      .compile();
    const chain = RunnableLambda.from((text: string) => ({ messages: [new HumanMessage(text)] }))
      .pipe(step<{ messages: BaseMessage[] }, { messages: BaseMessage[] }>(chat))
      .pipe(({ messages }: { messages: BaseMessage[] }) => messages.at(-1) as AIMessage)
      .pipe(new StringOutputParser());
    expect(await chain.invoke("ping")).toBe("pong");
  });
});
