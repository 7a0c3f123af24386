/** Chunks as they come: through parsers, generators, parallels, assigned keys and a lambda in the middle. */
import { AIMessageChunk } from "@langchain/core/messages";
import { JsonOutputParser, StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda, RunnableMap, RunnablePassthrough, RunnableSequence } from "@langchain/core/runnables";
import { FakeListChatModel, FakeStreamingChatModel } from "@langchain/core/utils/testing";

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const chunks: T[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const recipe = RunnableSequence.from([
  ChatPromptTemplate.fromTemplate("A line about {dish}"),
  new FakeListChatModel({ responses: ["Slow soup is good soup."] }),
  new StringOutputParser(),
]);
const letters = await collect(await recipe.stream({ dish: "soup" }));
console.log(letters.length, letters.slice(0, 4), letters.join(""));

// A parser of partial JSON grows its object with every chunk.
const menu = ['{"dishes": [', '{"name": "soup"', ', "price": 4}', ', {"name": "pie"', "}]}"];
const parsed = RunnableSequence.from([
  (text: string) => text,
  new FakeStreamingChatModel({ chunks: menu.map((content) => new AIMessageChunk(content)) }),
  new JsonOutputParser(),
]);
for (const chunk of await collect(await parsed.stream("the menu"))) console.log(JSON.stringify(chunk));

const words = RunnableLambda.from<string, any>(async function* (text: string) {
  for (const word of text.split(" ")) yield `${word} `;
});
console.log(await collect(await words.stream("peel and chop")));
console.log(await words.invoke("peel and chop"));
console.log(
  await collect(
    await RunnableLambda.from((text: string) => text)
      .pipe(words)
      .stream("stir it well"),
  ),
);

// A function takes whole inputs, so it gathers what came before it.
console.log(await collect(await words.pipe((text: string) => text.length).stream("a bb ccc")));

const both = RunnableMap.from({ spoken: words, length: (text: string) => text.length });
const chunks = await collect(await both.stream("salt to taste"));
console.log(
  chunks
    .map((chunk) => Object.keys(chunk).join())
    .sort()
    .join(" "),
);
console.log(chunks.map((chunk) => chunk.spoken ?? "").join(""));

const assigned = RunnablePassthrough.assign({ steps: (input: { text: string }) => input.text.split(",").length });
console.log(await collect(await assigned.stream({ text: "wash,peel,cut" })));
console.log(await collect(await assigned.pick("steps").stream({ text: "wash,peel" })));

async function* keystrokes() {
  yield* ["bak", "e ", "it"];
}
console.log(await collect(new RunnablePassthrough<string>().transform(keystrokes(), {})));
console.log(await collect(RunnableLambda.from((text: string) => `${text}!`).transform(keystrokes(), {})));

const stream = await words.stream("one two three");
const reader = stream.getReader();
console.log(await reader.read(), stream.locked);
await reader.cancel();

const failing = RunnableSequence.from([
  (text: string) => text,
  (_: string): string => {
    throw new Error("burnt");
  },
]);
console.log(await failing.stream("toast").catch((error: Error) => error.message));
