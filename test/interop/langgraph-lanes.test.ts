import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { Annotation, MemorySaver, MessagesAnnotation, Send, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { createAgent } from "langchain";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type LaneChoice, processes, RunnableLambda, RunnablePassthrough, threads } from "../../src/index.ts";

const pools = { thread: threads({ max: 1, execArgv: [] }), process: processes({ max: 1, execArgv: [] }) };
afterAll(() => Promise.all(Object.values(pools).map((pool) => pool.close())));

const LANES: [string, LaneChoice][] = [["loop", "loop"], ["auto", "auto"], ...Object.entries(pools)];
const url = new URL("../fixtures/lanes/reads-config.mjs", import.meta.url);
type Functions = Record<string, (input: any, config?: any) => any>;
const fromFixture = (exportName: string) => RunnableLambda.fromModule<Functions, string>(url, exportName);

const State = Annotation.Root({ v: Annotation<number>() });
const config = { configurable: { thread_id: "1" }, tags: ["t"], metadata: { user: "ada" } };

/** Asks for one call of the tool, and says what came. */
class Model extends FakeListChatModel {
  constructor() {
    super({ responses: [""] });
  }
  override bindTools() {
    return this;
  }
  override async _generate(messages: BaseMessage[]) {
    const last = messages.at(-1)!;
    const message =
      last.getType() === "tool"
        ? new AIMessage(`it is ${last.content}`)
        : new AIMessage({ content: "", tool_calls: [CALL] });
    return { generations: [{ message, text: String(message.content) }] };
  }
}
const CALL = { id: "1", name: "twice", args: { a: 4 }, type: "tool_call" as const };

describe.each(LANES)("a step on the lane %s inside LangGraph", (_, lane) => {
  const twice = fromFixture("twice").withLane(lane);
  const graphOf = (node: any) =>
    new StateGraph(State).addNode("n", node).addEdge(START, "n").compile({ checkpointer: new MemorySaver() });

  it.each<[string, any]>([
    ["a node", twice],
    ["in a chain", new RunnablePassthrough().pipe(twice).pipe((state: object) => ({ ...state }))],
    ["in a function with the config handed on", (state: object, given: object) => twice.invoke(state, given)],
    ["in a function with the config implied", (state: object) => twice.invoke(state)],
    ["in a batch", async (state: object, given: object) => (await twice.batch([state, state], given))[1]],
    ["with a config of its own", twice.withConfig({ metadata: { mine: true }, runName: "mine" })],
  ])("runs as %s", async (_, node) => {
    const graph = graphOf(node);
    expect(await graph.invoke({ v: 4 }, config)).toEqual({ v: 8 });
    const updates: unknown[] = [];
    for await (const update of await graph.stream({ v: 5 }, { ...config, streamMode: "updates" })) updates.push(update);
    expect(updates).toEqual([{ n: { v: 10 } }]);
  });

  it("streams", async () => {
    const chunks = fromFixture("chunks").withLane(lane);
    expect(await graphOf(chunks).invoke({ v: 1 }, config)).toEqual({ v: 2 });
  });

  it("sees what can travel of the config", async () => {
    const read = fromFixture("read").withLane(lane);
    const seen = graphOf(async (_: object, given: object) => ({
      v: [
        await read.invoke(["configurable", "thread_id"], given),
        await read.invoke(["metadata", "user"], given),
        await read.invoke(["metadata", "langgraph_node"], given),
      ],
    }));
    expect(await seen.invoke({ v: 1 }, config)).toEqual({ v: ["1", "ada", "n"] });
  });

  it("is a tool of a ToolNode and of an agent", async () => {
    const schema = z.object({ a: z.number() });
    const tool = fromFixture("twiceOf").withLane(lane).asTool({ name: "twice", description: "doubles", schema });
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("tools", new ToolNode([tool as never]))
      .addEdge(START, "tools")
      .compile();
    const { messages } = await graph.invoke({ messages: [new AIMessage({ content: "", tool_calls: [CALL] })] });
    expect(messages.at(-1)?.content).toBe("8");
    const agent = createAgent({ model: new Model(), tools: [tool as never] });
    const answer = await agent.invoke({ messages: [new HumanMessage("twice 4?")] });
    expect(answer.messages.at(-1)?.content).toBe("it is 8");
  });
});

describe.each(Object.entries(pools))("what stays here of LangGraph's config, on the lane %s", (_, lane) => {
  it.each(["writer", "interrupt", "control"])("is an error that names it where it is read: %s", async (key) => {
    const read = fromFixture("read").withLane(lane);
    const graph = new StateGraph(State)
      .addNode("n", async (_: object, given: object) => read.invoke([key], given))
      .addEdge(START, "n")
      .compile();
    await expect(graph.invoke({ v: 1 })).rejects.toMatchObject({
      code: "RUNLANE_CONFIG_LEFT_OUT",
      message: expect.stringContaining(`config.${key} was not sent to the worker`),
    });
  });
});

describe("calls of a vectorised function from several runs of graphs", () => {
  // Calls are made when they are full, however long that takes.
  const WAIT = { maxBatchSize: 64, maxWaitMs: 60_000 };
  const sizes = () => {
    const calls: number[] = [];
    const double = (inputs: { v: number }[], _config: object) => {
      calls.push(inputs.length);
      return inputs.map(({ v }) => ({ v: v * 2 }));
    };
    return { calls, double };
  };
  const range = (count: number) => Array.from({ length: count }, (_, v) => v);

  it("are shared by graphs that run at once", async () => {
    const { calls, double } = sizes();
    const node = RunnableLambda.batched(double, { ...WAIT, maxBatchSize: 8 });
    const graph = new StateGraph(State).addNode("n", node).addEdge(START, "n").compile();
    const results = await Promise.all(range(8).map((v) => graph.invoke({ v }, { tags: ["t"] })));
    expect(results).toEqual(range(8).map((v) => ({ v: v * 2 })));
    expect(calls).toEqual([8]);
    expect(node.meanCallSize).toBe(8);
  });

  it("are shared by the tasks that Send makes", async () => {
    const { calls, double } = sizes();
    const node = RunnableLambda.batched(double, { ...WAIT, maxBatchSize: 10 });
    const Sum = Annotation.Root({ v: Annotation<number>({ reducer: (sum, more) => sum + more, default: () => 0 }) });
    const graph = new StateGraph(Sum)
      .addNode("n", node)
      .addConditionalEdges(START, () => range(10).map((v) => new Send("n", { v })))
      .compile();
    expect(await graph.invoke({ v: 0 })).toEqual({ v: 90 });
    expect(calls).toEqual([10]);
  });

  it("are parted by what users put into the config, unless shareBy says otherwise", async () => {
    const { calls, double } = sizes();
    const run = async (shareBy?: () => string) => {
      calls.length = 0;
      const node = RunnableLambda.batched(double, {
        maxWaitMs: 50,
        ...(shareBy && { shareBy, ...WAIT, maxBatchSize: 4 }),
      });
      const checkpointer = new MemorySaver();
      const graph = new StateGraph(State).addNode("n", node).addEdge(START, "n").compile({ checkpointer });
      await Promise.all(range(4).map((v) => graph.invoke({ v }, { configurable: { thread_id: String(v) } })));
      return [...calls];
    };
    expect(await run()).toEqual([1, 1, 1, 1]);
    expect(await run(() => "")).toEqual([4]);
  });

  it("are shared on a lane", async () => {
    const node = RunnableLambda.batched(fromFixture("all") as never, { ...WAIT, maxBatchSize: 8, lane: pools.thread });
    const graph = new StateGraph(State)
      .addNode("n", node as never)
      .addEdge(START, "n" as never)
      .compile();
    const results = await Promise.all(range(8).map((v) => graph.invoke({ v } as never)));
    expect(results).toEqual(range(8).map((v) => ({ v: v * 2 })));
    expect(node.meanCallSize).toBe(8);
  });
});

it("an agent is no step, and its graph is", async () => {
  const tool = fromFixture("twiceOf").asTool({
    name: "twice",
    description: "doubles",
    schema: z.object({ a: z.number() }),
  });
  const agent = createAgent({ model: new Model(), tools: [tool as never] });
  const ask = RunnableLambda.from((text: string) => ({ messages: [new HumanMessage(text)] }));
  expect(() => ask.pipe(agent as never)).toThrowError(
    expect.objectContaining({
      code: "RUNLANE_NOT_RUNNABLE",
      message: expect.stringContaining("an instance of ReactAgent, whose graph is a Runnable: use agent.graph"),
    }),
  );
  const answer = ask
    .pipe(agent.graph as never)
    .pipe((state: unknown) => (state as { messages: BaseMessage[] }).messages.at(-1)?.content);
  expect(await answer.invoke("twice 4?")).toBe("it is 8");
});
