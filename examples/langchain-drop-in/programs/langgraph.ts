/** Runnables and LangGraph: chains as nodes of a graph, a graph as a step of a chain, and what the graph streams. */
import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda, RunnablePassthrough, RunnableSequence } from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { Annotation, END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({
  route: Annotation<string>(),
  stops: Annotation<string[]>({ reducer: (before, after) => [...before, ...after], default: () => [] }),
});
type State = typeof State.State;

const plan = RunnableLambda.from((state: State) => ({ stops: [`${state.route} depot`] }));
const drive = RunnableSequence.from([
  (state: State) => state.stops.length,
  (count: number) => ({ stops: [`stop ${count}`] }),
]);
const graph = new StateGraph(State)
  .addNode("plan", plan)
  .addNode("drive", drive)
  .addEdge(START, "plan")
  .addEdge("plan", "drive")
  .addConditionalEdges(
    "drive",
    RunnableLambda.from((state: State) => (state.stops.length < 4 ? "drive" : END)),
  )
  .compile();

console.log(await graph.invoke({ route: "N7" }));
for await (const update of await graph.stream({ route: "N8" }, { streamMode: "updates" }))
  console.log(JSON.stringify(update));
const values: number[] = [];
for await (const state of await graph.stream({ route: "N9" }, { streamMode: "values" }))
  values.push(state.stops?.length ?? 0);
console.log(values);

// The graph is a step like any other.
const timetable = RunnableSequence.from([
  (route: string) => ({ route }),
  graph,
  (state: State) => state.stops.join(" > "),
]);
console.log(await timetable.invoke("N1"));
console.log(await timetable.batch(["N2", "N3"]));
console.log(
  await RunnablePassthrough.assign({ count: (state: { stops: string[] }) => state.stops.length }).invoke({
    stops: ["a"],
  }),
);

// A chain that ends in a model, as a node: the graph streams the model's messages.
const speak = RunnableSequence.from([
  (state: { messages: BaseMessage[] }) => ({ last: state.messages.at(-1)?.content }),
  ChatPromptTemplate.fromTemplate("Announce {last}"),
  new FakeListChatModel({ responses: ["Mind the gap"] }),
  (message: BaseMessage) => ({ messages: [message] }),
]);
const announcer = new StateGraph(MessagesAnnotation)
  .addNode("speak", speak)
  .addEdge(START, "speak")
  .addEdge("speak", END)
  .compile();
const spoken = await announcer.invoke({ messages: [new HumanMessage("the next train")] });
console.log(spoken.messages.map((message) => message.content));
const tokens: string[] = [];
for await (const [message, metadata] of await announcer.stream(
  { messages: [new HumanMessage("the last train")] },
  { streamMode: "messages" },
)) {
  if (metadata.langgraph_node === "speak") tokens.push(String(message.content));
}
console.log(tokens.length, tokens.join(""));

const writing = new StateGraph(MessagesAnnotation)
  .addNode(
    "work",
    RunnableLambda.from((_: { messages: BaseMessage[] }, config) => {
      config.writer?.({ progress: 50 });
      return { messages: [new AIMessage("done")] };
    }),
  )
  .addEdge(START, "work")
  .compile();
for await (const chunk of await writing.stream({ messages: [] }, { streamMode: "custom" })) console.log(chunk);
