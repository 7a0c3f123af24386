import { InMemoryChatMessageHistory } from "@langchain/core/chat_history";
import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { expect } from "vitest";
import { z } from "zod";
import { add, boom, failing, letters, sleep } from "../functions.ts";
import { batch, type Drive, invoke, type Lib, type Run, type Scenario, stream } from "../harness.ts";

type Note = (value: unknown) => void;

/** Listeners that note what they see of the run. */
const listeners = (note: Note) => {
  const listener = (event: string) => (run: any, config: any) =>
    note([
      event,
      run.name,
      run.run_type,
      run.inputs,
      run.outputs,
      run.error !== undefined,
      run.tags,
      config?.configurable,
    ]);
  return { onStart: listener("start"), onEnd: listener("end"), onError: listener("error") };
};

const hearing: Scenario[] = [
  {
    name: "listeners of a lambda",
    build: (lib, note) => lib.RunnableLambda.from(add).withListeners(listeners(note)),
    drive: invoke(1),
  },
  {
    name: "listeners of a failing lambda",
    build: (lib, note) => lib.RunnableLambda.from(boom).withListeners(listeners(note)),
    drive: invoke(1),
    fails: "own",
  },
  {
    name: "listeners of a sequence hear the sequence alone",
    build: (lib, note) => lib.RunnableSequence.from([add, add]).withListeners(listeners(note)),
    drive: invoke(1, { tags: ["t"] }),
  },
  {
    name: "listeners of a stream",
    build: (lib, note) => lib.RunnableLambda.from(letters).withListeners(listeners(note)),
    drive: stream("ab"),
  },
  {
    name: "listeners of a sequence, streamed",
    build: (lib, note) => lib.RunnableSequence.from([add, add]).withListeners(listeners(note)),
    drive: stream(1),
  },
  {
    name: "listeners of a batch",
    build: (lib, note) => lib.RunnableLambda.from(add).withListeners({ onEnd: (run: any) => note(run.outputs) }),
    drive: batch([1, 2]),
    differs: {
      defect: "only the first input is heard of",
      runlane: { result: [2, 3], notes: [{ output: 2 }, { output: 3 }] },
    },
  },
  {
    name: "listeners are waited for",
    build: (lib, note) =>
      lib.RunnableLambda.from(() => note("func")).withListeners({
        onStart: async () => {
          await sleep(2);
          note("started");
        },
        onEnd: async () => {
          await sleep(2);
          note("ended");
        },
      }),
    drive: invoke(1),
  },
  {
    name: "listeners of a step in a chain",
    build: (lib, note) =>
      lib.RunnableLambda.from(add).pipe(lib.RunnableLambda.from(add).withListeners(listeners(note))),
    drive: invoke(1),
  },
  {
    name: "listeners of each hear its elements",
    build: (lib, note) =>
      new lib.RunnableEach({ bound: lib.RunnableLambda.from(add) }).withListeners({
        onEnd: (run: any) => note(run.outputs),
      }),
    drive: invoke([1]),
  },
  {
    name: "listeners, then withConfig",
    build: (lib, note) =>
      lib.RunnableLambda.from(add)
        .withListeners({ onEnd: (run: any) => note(run.outputs) })
        .withConfig({ tags: ["t"] }),
    drive: invoke(1),
    differs: { defect: "withConfig drops the listeners", runlane: { result: 2, notes: [{ output: 2 }] } },
  },
  {
    name: "listeners on listeners",
    build: (lib, note) =>
      lib.RunnableLambda.from(add)
        .withListeners({ onEnd: () => note("inner") })
        .withListeners({ onEnd: () => note("outer") }),
    drive: invoke(1),
    differs: {
      defect: "the second withListeners drops the first",
      runlane: { notes: expect.arrayContaining(["inner", "outer"]) },
    },
  },
  {
    name: "a listener that throws",
    build: (lib) =>
      lib.RunnableLambda.from(add).withListeners({
        onEnd: () => {
          throw new Error("listener");
        },
      }),
    drive: invoke(1),
  },
];

const texts = (messages: BaseMessage[]): string =>
  messages.map((message) => `${message.type}:${message.text}`).join("|");

/** A chain with a memory: what it is asked and what it answers are noted at the end of {@link chat}. */
const remembering = (lib: Lib, func: (input: any) => unknown, fields: object = {}) => {
  const history = new InMemoryChatMessageHistory();
  const runnable = new lib.RunnableWithMessageHistory({
    runnable: lib.RunnableLambda.from(func),
    getMessageHistory: () => history,
    ...fields,
  });
  return { history, runnable };
};

type Memory = ReturnType<typeof remembering>;
const chat =
  (...drives: Drive[]): Drive =>
  async ({ history, runnable }: Memory, run: Run) => {
    const results: unknown[] = [];
    for (const drive of drives) results.push(await drive(runnable, run));
    return [results, texts(await history.getMessages())];
  };
const session = { configurable: { sessionId: "s" } };

const histories: Scenario[] = [
  {
    name: "history, two turns",
    build: (lib) => remembering(lib, texts),
    drive: chat(invoke("a", session), invoke("b", session)),
  },
  {
    name: "history, streamed",
    build: (lib) => remembering(lib, (messages: BaseMessage[]) => letters(texts(messages))),
    drive: chat(stream("a", session), stream("b", session)),
  },
  {
    name: "history, messages in and out",
    build: (lib) => remembering(lib, (messages: BaseMessage[]) => new AIMessage(`answer ${messages.length}`)),
    drive: async (memory, run) => {
      const [, kept] = (await chat(invoke([new HumanMessage("x")], session))(memory, run)) as unknown[];
      return kept;
    },
  },
  {
    name: "history, ids of what a model says",
    build: (lib) => {
      const history = new InMemoryChatMessageHistory();
      const runnable = new FakeListChatModel({ responses: ["one", "two"] });
      return { history, runnable: new lib.RunnableWithMessageHistory({ runnable, getMessageHistory: () => history }) };
    },
    drive: async ({ history, runnable }: Memory, run) => {
      const said = await runnable.invoke("a", session);
      for await (const { id } of await runnable.stream("b", session)) run.chunks.push(id);
      const kept = await history.getMessages();
      return [said.id, ...kept.map(({ id }) => id)].map((id) => (id === undefined ? "none" : id));
    },
  },
  {
    name: "history, under keys",
    build: (lib) =>
      remembering(lib, ({ past, question }: any) => `${texts(past)}?${question}`, {
        inputMessagesKey: "question",
        historyMessagesKey: "past",
      }),
    drive: chat(invoke({ question: "a" }, session), invoke({ question: "b" }, session)),
  },
  {
    name: "history, output under a key",
    build: (lib) => remembering(lib, () => ({ answer: "yes", sources: [] }), { outputMessagesKey: "answer" }),
    drive: chat(invoke("a", session)),
  },
  {
    name: "history, a failing turn is not kept",
    build: (lib) => remembering(lib, failing(new Error("boom"))),
    drive: async (memory: Memory, run) => {
      const failed = await memory.runnable.invoke("a", session).catch((error: Error) => error.message);
      return [failed, await chat(async () => "", invoke("b", session))(memory, run).then((kept: any) => kept[1])];
    },
  },
  {
    name: "history, no session",
    build: (lib) => remembering(lib, texts),
    drive: chat(invoke("a")),
    fails: { code: "RUNLANE_NO_SESSION" },
  },
  {
    name: "history, its session in a bound config",
    build: (lib) => remembering(lib, texts, { config: session }),
    drive: chat(invoke("a")),
  },
];

const call = (args: object) => ({ type: "tool_call", name: "sum", id: "1", args });
const sum = (lib: Lib) =>
  lib.RunnableLambda.from(({ a, b }: { a: number; b: number }) => a + b).asTool({
    name: "sum",
    description: "Adds.",
    schema: z.object({ a: z.number(), b: z.number() }),
  });

const tools: Scenario[] = [
  { name: "tool, plain input", build: sum, drive: invoke({ a: 1, b: 2 }) },
  { name: "tool, a tool call", build: sum, drive: invoke(call({ a: 1, b: 2 })) },
  {
    name: "tool, wrong arguments in a tool call",
    build: sum,
    drive: invoke(call({ a: "x" })),
    fails: { code: "RUNLANE_INVALID_TOOL_INPUT" },
  },
  { name: "tool, about itself", build: sum, drive: async (tool) => [tool.name, tool.description] },
  {
    name: "tool, the name of its runs",
    build: sum,
    drive: async (tool) => tool.getName(),
    differs: { defect: "it is the name of a sequence inside the tool", runlane: { result: "sum" } },
  },
  {
    name: "tool, batch",
    build: sum,
    drive: batch([
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ]),
  },
  { name: "tool, stream", build: sum, drive: stream({ a: 1, b: 2 }) },
  {
    name: "tool of a text",
    build: (lib) => lib.RunnableLambda.from((text: string) => text.length).asTool({ name: "size", schema: z.string() }),
    drive: async (tool, run) => [
      await invoke({ input: "abc" })(tool, run),
      await invoke({ type: "tool_call", name: "size", args: { input: "ab" } })(tool, run),
    ],
  },
  {
    name: "tool, its description from the schema",
    build: (lib) => lib.RunnableLambda.from(add).asTool({ schema: z.object({}).describe("From the schema.") }),
    drive: async (tool) => [tool.description, tool.name],
  },
];

export const history: Scenario[] = [...hearing, ...histories, ...tools];
