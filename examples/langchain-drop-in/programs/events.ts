/** What a run tells about itself while it runs: streamEvents, its filters and its wire format, and streamLog. */
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda, RunnableMap, RunnableSequence } from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";

const chain = RunnableSequence.from<{ star: string }, string>([
  ChatPromptTemplate.fromTemplate("Describe {star}"),
  new FakeListChatModel({ responses: ["red"] }).withConfig({ runName: "Observer", tags: ["telescope"] }),
  new StringOutputParser(),
]).withConfig({ runName: "Catalogue" });

const line = ({
  event,
  name,
  tags,
  data,
}: {
  event: string;
  name: string;
  tags?: string[];
  data: { chunk?: unknown };
}) =>
  `${event} ${name} ${JSON.stringify(tags)}${typeof data.chunk === "string" ? ` ${JSON.stringify(data.chunk)}` : ""}`;

// Each run's events come in order; how those of two runs interleave is up to the turns of the event loop.
const byRun = new Map<string, string[]>();
for await (const event of chain.streamEvents({ star: "Antares" }, { version: "v2" })) {
  byRun.set(event.run_id, [...(byRun.get(event.run_id) ?? []), line(event)]);
}
for (const lines of byRun.values()) console.log(lines.join("\n"));

console.log("-- one model");
for await (const event of chain.streamEvents(
  { star: "Antares" },
  { version: "v2" },
  { includeTypes: ["chat_model"] },
)) {
  console.log(event.event, event.name);
}

console.log("-- all but the parser");
const rest: string[] = [];
const without = { excludeNames: ["StrOutputParser", "StringOutputParser"], excludeTags: ["telescope"] };
for await (const event of chain.streamEvents({ star: "Vega" }, { version: "v2" }, without))
  rest.push(`${event.event} ${event.name}`);
console.log(rest);

console.log("-- inputs and outputs");
const double = RunnableLambda.from((x: number) => x * 2).withConfig({ runName: "double" });
const sum = RunnableMap.from<number, { twice: number; same: number }>({ twice: double, same: (x) => x }).pipe(
  ({ twice, same }: { twice: number; same: number }) => twice + same,
);
for await (const { event, name, data, metadata } of sum.streamEvents(5, {
  version: "v2",
  metadata: { site: "roof" },
})) {
  if (event === "on_chain_stream" || name === "RunnableLambda") continue;
  if (name !== "RunnableMap") console.log(event, name, JSON.stringify(data), metadata.site);
}

console.log("-- over the wire");
const decoder = new TextDecoder();
const encoded = double.streamEvents(4, { version: "v2", encoding: "text/event-stream" });
for await (const bytes of encoded) {
  const text = decoder.decode(bytes);
  console.log(text.split("\n", 1)[0], /"event":"(\w+)"/.exec(text)?.[1] ?? "");
}

console.log("-- log");
let ops = 0;
let final: unknown;
for await (const patch of chain.streamLog({ star: "Deneb" })) {
  for (const op of patch.ops) {
    ops++;
    if (op.op === "replace" && op.path === "/final_output") final = op.value;
  }
}
console.log(ops > 5, final);

console.log("-- failure");
const failing = RunnableLambda.from((_: string): string => {
  throw new Error("clouds");
}).withConfig({ runName: "failing" });
try {
  for await (const { event, name } of failing.streamEvents("sky", { version: "v2" })) {
    if (event === "on_chain_start") console.log(event, name);
  }
} catch (error) {
  console.log("failed:", (error as Error).message);
}
