import { AIMessage, type ToolMessage } from "@langchain/core/messages";
import * as langchain from "@langchain/core/runnables";
import { convertToOpenAITool, isLangChainTool, isRunnableToolLike } from "@langchain/core/utils/function_calling";
import { FakeStreamingChatModel } from "@langchain/core/utils/testing";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import * as zm from "zod/mini";
import * as z3 from "zod/v3";
import { RunnableLambda, RunnableToolLike } from "../../src/index.ts";
import { all } from "./support.ts";

type Sum = { a: number; b: number };
const add = ({ a, b }: Sum) => a + b;
const json = {
  type: "object",
  properties: { a: { type: "number" }, b: { type: "number" } },
  required: ["a", "b"],
} as const;

const call = (args: Record<string, unknown>, name = "add") =>
  ({ type: "tool_call", name, id: "call_1", args }) as const;

/** What a call fails with. */
async function failure(run: Promise<unknown>): Promise<any> {
  return run.then(
    (value) => expect.unreachable(`resolved to ${JSON.stringify(value)}`),
    (error) => error,
  );
}

describe.each([
  ["zod", z.object({ a: z.number(), b: z.number() })],
  ["zod/v3", z3.object({ a: z3.number(), b: z3.number() })],
  ["zod/mini", zm.object({ a: zm.number(), b: zm.number() })],
  ["valibot", v.object({ a: v.number(), b: v.number() })],
  ["arktype", type({ a: "number", b: "number" })],
  ["JSON", json],
])("a tool with a schema of %s", (_, schema) => {
  const tool = RunnableLambda.from(add).asTool({ name: "add", description: "Adds.", schema });

  it("runs on the arguments of a call, and on plain input", async () => {
    expect(await tool.invoke(call({ a: 1, b: 2 }))).toBe(3);
    expect(await tool.invoke({ a: 2, b: 2 })).toBe(4);
    expect(await tool.batch([call({ a: 1, b: 2 }), { a: 1, b: 1 }])).toEqual([3, 2]);
  });

  it("refuses arguments that do not match, in the words of LangChain and more", async () => {
    const error = await failure(tool.invoke(call({ a: 1, b: "two" })));
    expect(error).toMatchObject({ code: "RUNLANE_INVALID_TOOL_INPUT", output: '{"a":1,"b":"two"}' });
    // A model reads it, and can do nothing about the schema.
    expect(error.message).not.toMatch(/Give the error back|schema\.$/);
    expect(error.name).toBe("ToolInputParsingException");
    expect(error.message).toMatch(/^Received tool input did not match expected schema of add: args\.b: \S/);
    expect(error.issues).toEqual([{ path: ["b"], message: expect.any(String) }]);
  });

  it("does not validate plain input", async () => {
    expect(await tool.invoke({ a: "1", b: "2" } as never)).toBe("12");
  });
});

describe("a tool with a JSON schema", () => {
  it("says where in the arguments an issue is", async () => {
    const schema = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: { list: { type: "array", items: { $ref: "#/$defs/point" } }, "a/b": { enum: [1] } },
      $defs: { point: { type: "object", properties: { x: { type: "number" } }, required: ["x"] } },
    };
    const tool = RunnableLambda.from((input: unknown) => input).asTool({ name: "t", schema });
    expect(await tool.invoke(call({ list: [{ x: 1 }] }))).toEqual({ list: [{ x: 1 }] });
    const { issues } = await failure(tool.invoke(call({ list: [{ x: 1 }, {}], "a/b": 2 })));
    expect(issues.map((issue: { path: unknown }) => issue.path)).toEqual([["list", 1], ["a/b"]]);
  });
});

describe.each([
  ["zod", z.string().min(2), { type: "string", minLength: 2 }],
  ["zod/v3", z3.string().min(2), { type: "string" }],
  ["zod/mini", zm.string().check(zm.minLength(2)), { type: "string" }],
  ["valibot", v.pipe(v.string(), v.minLength(2)), { type: "string" }],
  ["arktype", type("string >= 2"), { type: "string", minLength: 2 }],
  ["JSON", { type: "string", minLength: 2 }, { type: "string", minLength: 2 }],
])("a tool with a schema of a string, of %s", (_, schema, text) => {
  const tool = RunnableLambda.from((word: string) => word.toUpperCase()).asTool({ name: "shout", schema });

  it("takes an object with the key input from a model", async () => {
    expect(await tool.invoke(call({ input: "ab" }))).toBe("AB");
    expect(await tool.invoke("ab")).toBe("AB");
    expect(convertToOpenAITool(tool as never).function.parameters).toEqual({
      type: "object",
      properties: { input: text },
      required: ["input"],
      additionalProperties: false,
    });
  });

  it("validates the string by its own schema", async () => {
    const error = await failure(tool.invoke(call({ input: "a" })));
    expect(error.issues).toMatchObject([{ path: ["input"] }]);
    expect((await failure(tool.invoke(call({ text: "a" })))).message).toContain(
      "args: Expected an object with the key input",
    );
  });
});

describe("the name and the description of a tool", () => {
  const runnable = RunnableLambda.from((x: unknown) => x, { name: "echo" });

  it.each([
    ["zod", z.object({}).describe("From the schema.")],
    ["zod/v3", z3.object({}).describe("From the schema.")],
    ["zod/mini", zm.object({}).check(zm.describe("From the schema."))],
    ["valibot", v.pipe(v.object({}), v.description("From the schema."))],
    ["valibot's metadata", v.pipe(v.object({}), v.metadata({ description: "From the schema." }))],
    ["arktype", type({}).describe("From the schema.")],
    ["JSON", { type: "object", description: "From the schema." }],
    ["zod, of a string", z.string().describe("From the schema.")],
  ])("fall back to the runnable's name and the schema's description: %s", (_, schema) => {
    const tool = runnable.asTool({ schema });
    expect([tool.name, tool.description]).toEqual(["echo", "From the schema."]);
    expect(runnable.asTool({ name: "n", description: "d", schema }).description).toBe("d");
  });

  it("are undefined where the schema has no description of its own", () => {
    for (const schema of [z.object({}), type({}), v.object({}), { type: "object" }]) {
      expect(runnable.asTool({ schema }).description).toBeUndefined();
    }
  });

  it("stay when a config is bound", async () => {
    const seen = vi.fn((input: unknown, config: { tags?: string[] }) => [input, config.tags]);
    const tool = RunnableLambda.from(seen).asTool({ name: "seen", schema: z.object({}) });
    const bound = tool.withConfig({ tags: ["a"] }).withConfig({ tags: ["b"] });
    expect(bound).toBeInstanceOf(RunnableToolLike);
    expect([bound.name, bound.getName(), bound.schema]).toEqual(["seen", "seen", tool.schema]);
    expect(await bound.invoke(call({}))).toEqual([{}, ["a", "b"]]);
  });
});

describe("a tool", () => {
  const words = RunnableLambda.from(function* ({ text }: { text: string }) {
    yield* text.split(" ");
  }).asTool({ name: "words", schema: z.object({ text: z.string() }) });

  it("streams what its runnable streams", async () => {
    expect(await all(await words.stream(call({ text: "a b" })))).toEqual(["a", "b"]);
    expect((await failure(words.stream(call({})))).code).toBe("RUNLANE_INVALID_TOOL_INPUT");
  });

  it("is made by its constructor of any runnable-like", async () => {
    const tool = new RunnableToolLike({ name: "add", schema: z.object({ a: z.number(), b: z.number() }), bound: add });
    expect(await tool.invoke(call({ a: 1, b: 2 }))).toBe(3);
  });

  it.each([
    [{ a: 1 }, "an object with the keys a"],
    [String, "the function String"],
    [undefined, "undefined"],
    ["string", 'the string "string"'],
  ])("is refused without a schema: %s", (schema, received) => {
    const make = () => RunnableLambda.from(add).asTool({ name: "add", schema: schema as never });
    expect(make).toThrow(expect.objectContaining({ code: "RUNLANE_INVALID_SCHEMA" }));
    expect(make).toThrow(`The schema of the tool add must be a schema`);
    expect(make).toThrow(received);
  });

  it("is refused without a name", () => {
    const fields = { name: "", schema: z.object({}), bound: add };
    expect(() => new RunnableToolLike(fields as never)).toThrow(
      expect.objectContaining({ code: "RUNLANE_INVALID_STEPS" }),
    );
  });
});

describe("a tool among LangChain's", () => {
  const schema = z.object({ a: z.number(), b: z.number() });
  const fields = { name: "add", description: "Adds.", schema };
  const ours = RunnableLambda.from(add).asTool(fields);
  const theirs = langchain.RunnableLambda.from(add).asTool(fields);

  it("is what LangChain takes for a tool", () => {
    expect(isRunnableToolLike(ours)).toBe(true);
    expect(isLangChainTool(ours)).toBe(true);
  });

  it.each([
    ["zod", schema],
    ["zod/v3", z3.object({ a: z3.number(), b: z3.number() })],
    ["JSON", json],
  ])("becomes the same OpenAI tool: %s", (_, given) => {
    const described = { ...fields, schema: given };
    expect(convertToOpenAITool(RunnableLambda.from(add).asTool(described) as never)).toEqual(
      convertToOpenAITool(langchain.RunnableLambda.from(add).asTool(described as never)),
    );
  });

  it("becomes an OpenAI tool by arktype's own JSON schema", () => {
    const tool = RunnableLambda.from(add).asTool({ ...fields, schema: type({ a: "number", b: "number" }) });
    expect(convertToOpenAITool(tool as never).function.parameters).toMatchObject(json);
  });

  it("is seen by callbacks as LangChain's is", async () => {
    const watch = async (tool: { invoke(input: unknown, config: object): Promise<unknown> }) => {
      const seen: unknown[] = [];
      const handleChainStart = (...run: unknown[]) => void seen.push(["start", run[7], run[4], run[1]]);
      const handleChainEnd = (output: unknown) => void seen.push(["end", output]);
      const handleChainError = (error: Error) => void seen.push(["error", error.message.split(" of ")[0]]);
      const callbacks = [{ awaitHandlers: true, handleChainStart, handleChainEnd, handleChainError }];
      await tool.invoke(call({ a: 1, b: 2 }), { callbacks });
      await failure(tool.invoke(call({ a: 1 }), { callbacks, runName: "mine" }));
      return seen;
    };
    const expected = await watch(theirs as never);
    expect(expected.length).toBeGreaterThan(6);
    expect(await watch(ours as never)).toEqual(expected);
  });

  it("can be bound to a chat model", async () => {
    const model = new FakeStreamingChatModel({ responses: [new AIMessage("done")] });
    expect((await model.bindTools([ours]).invoke("1 + 2")).content).toBe("done");
  });

  it.each([
    ["good arguments", { a: 1, b: 2 }],
    ["bad arguments", { a: 1 }],
  ])("does in LangGraph's ToolNode what LangChain's does: %s", async (_, args) => {
    const message = new AIMessage({ content: "", tool_calls: [{ name: "add", id: "call_1", args }] });
    const run = async (tool: unknown) => {
      const answers: ToolMessage[] = await new ToolNode([tool as never]).invoke([message]);
      return answers.map(({ name, status, tool_call_id, content }) => ({ name, status, tool_call_id, content }));
    };
    const [mine] = await run(ours);
    const [expected] = await run(theirs);
    expect({ ...mine, content: "" }).toEqual({ ...expected, content: "" });
    // LangChain's message ends there; ours goes on with the issues, which the model needs to correct its call.
    const said = String(expected?.content).split("\n")[0] as string;
    expect(mine?.content).toContain(said);
  });

  it("runs a tool of LangChain's as a step", async () => {
    const chain = RunnableLambda.from((args: Sum) => call(args)).pipe(theirs as never);
    expect(await chain.invoke({ a: 1, b: 2 })).toBe(3);
  });
});
