/** Runnables as tools, tools as steps, and a model whose tool calls are carried out. */
import { AIMessage, type BaseMessage, HumanMessage, type ToolMessage } from "@langchain/core/messages";
import { RunnableLambda, RunnableSequence } from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { z } from "zod";

const area = RunnableLambda.from(({ width, depth }: { width: number; depth: number }) => width * depth);
const areaTool = area.asTool({
  name: "bed_area",
  description: "The area of a bed in square metres.",
  schema: z.object({ width: z.number(), depth: z.number() }),
});
console.log(areaTool.name, "-", areaTool.description);
console.log(await areaTool.invoke({ width: 3, depth: 4 }));
console.log(await areaTool.invoke({ type: "tool_call", id: "call-1", name: "bed_area", args: { width: 2, depth: 5 } }));
console.log(
  await areaTool
    .invoke({ type: "tool_call", id: "call-2", name: "bed_area", args: { width: "wide" } })
    .catch((error: Error) => `refused: ${error.message.length > 0}`),
);

const greet = RunnableLambda.from((text: string) => `Hello, ${text}!`).asTool({
  name: "greet",
  schema: z.string().describe("Whom to greet."),
});
console.log(greet.description, await greet.invoke("gardener"));

const seeds = tool(async ({ plant }) => `${plant}: ${plant.length * 3} seeds in stock`, {
  name: "seed_stock",
  description: "How many seeds of a plant there are.",
  schema: z.object({ plant: z.string() }),
});
const stock = RunnableSequence.from([(plant: string) => ({ plant }), seeds, (text: string) => text.toUpperCase()]);
console.log(await stock.invoke("basil"));

// A model that asks for a tool first, and answers once it has the tool's message. `tools` arrives as a bound call option.
const model = RunnableLambda.from((messages: BaseMessage[], options: Record<string, any>) => {
  const last = messages.at(-1);
  if (last?.getType() === "tool") return new AIMessage(`From stock: ${last.content}`);
  const offered: { name: string }[] = options.tools ?? [];
  return new AIMessage({
    content: "",
    tool_calls: [{ type: "tool_call", id: "call-3", name: offered[0]?.name ?? "none", args: { plant: "dill" } }],
  });
}).withConfig({ tools: [seeds] } as Record<string, unknown>);

const callTools = RunnableLambda.from(
  async (message: AIMessage): Promise<ToolMessage[]> =>
    Promise.all((message.tool_calls ?? []).map((call) => seeds.invoke(call) as Promise<ToolMessage>)),
);
const agent = RunnableLambda.from(async (question: string) => {
  const messages: BaseMessage[] = [new HumanMessage(question)];
  for (;;) {
    const reply = await model.invoke(messages);
    messages.push(reply);
    const results = await callTools.invoke(reply);
    if (results.length === 0) return messages;
    messages.push(...results);
  }
});
for (const message of await agent.invoke("How much dill?")) console.log(message.getType(), "|", message.content);
