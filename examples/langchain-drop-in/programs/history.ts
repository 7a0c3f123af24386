/** A conversation that is remembered: by session, with messages in and out, in objects, and while streaming. */
import { InMemoryChatMessageHistory } from "@langchain/core/chat_history";
import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate, MessagesPlaceholder } from "@langchain/core/prompts";
import { RunnableLambda, RunnableSequence, RunnableWithMessageHistory } from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";

const sessions = new Map<string, InMemoryChatMessageHistory>();
const historyOf = (sessionId: string): InMemoryChatMessageHistory => {
  const known = sessions.get(sessionId) ?? new InMemoryChatMessageHistory();
  sessions.set(sessionId, known);
  return known;
};
const show = async (sessionId: string) =>
  (await historyOf(sessionId).getMessages()).map((message) => `${message.getType()}: ${message.content}`);

const prompt = ChatPromptTemplate.fromMessages([
  ["system", "You keep the log of the {ship}."],
  new MessagesPlaceholder("log"),
  ["human", "{entry}"],
]);
const model = new FakeListChatModel({ responses: ["Noted: fog.", "Noted: clear again.", "Noted: land."] });
const chain = new RunnableWithMessageHistory({
  runnable: RunnableSequence.from<{ ship: string; entry: string; log?: BaseMessage[] }, string>([
    prompt,
    model,
    new StringOutputParser(),
  ]),
  getMessageHistory: historyOf,
  inputMessagesKey: "entry",
  historyMessagesKey: "log",
});
const options = { configurable: { sessionId: "heron" } };
console.log(await chain.invoke({ ship: "Heron", entry: "Fog at six." }, options));
console.log(await chain.invoke({ ship: "Heron", entry: "It has lifted." }, options));
console.log(await show("heron"));

const pieces: string[] = [];
for await (const piece of await chain.stream(
  { ship: "Gull", entry: "Land ahead." },
  { configurable: { sessionId: "gull" } },
)) {
  pieces.push(piece);
}
console.log(pieces.join(""), await show("gull"));

// Messages in, message out: the runnable sees the whole conversation.
const counting = RunnableLambda.from(
  (messages: BaseMessage[]) => new AIMessage(`I have seen ${messages.length} messages.`),
);
const plain = new RunnableWithMessageHistory({ runnable: counting, getMessageHistory: historyOf });
for (const text of ["one", "two", "three"]) {
  const reply = await plain.invoke([new HumanMessage(text)], { configurable: { sessionId: "count" } });
  console.log(reply.content);
}
console.log(await show("count"));

const keyed = new RunnableWithMessageHistory({
  runnable: RunnableLambda.from(({ entry, log }: { entry: string; log?: BaseMessage[] }) => ({
    reply: new AIMessage(`${entry}? After ${log?.length ?? 0} messages?`),
    mood: "curious",
  })),
  getMessageHistory: historyOf,
  inputMessagesKey: "entry",
  historyMessagesKey: "log",
  outputMessagesKey: "reply",
  config: { configurable: { sessionId: "keyed" } },
});
for (const entry of ["Ready", "Again"]) {
  const { reply, mood } = await keyed.invoke({ entry });
  console.log(reply.content, mood);
}
console.log((await show("keyed")).length);

const refused = await plain
  .invoke([new HumanMessage("who?")])
  .catch((error: Error) => error.message.includes("sessionId"));
console.log("without a session:", refused);
