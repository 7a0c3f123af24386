import { AIMessage } from "@langchain/core/messages";
import { RemoteRunnable } from "langchain-core-0.3/runnables/remote";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { RunnableLambda } from "../../src/index.ts";
import { eventsOf, jsonOf, post, serve } from "./support.ts";

const shout = RunnableLambda.from((text: string) => text.toUpperCase(), { name: "shout" });
const words = RunnableLambda.from(
  async function* (text: string) {
    for (const word of text.split(" ")) yield `${word} `;
  },
  { name: "words" },
);

describe("LangServe's own JavaScript client", () => {
  it("invokes, batches and streams", async () => {
    const { url } = await serve({ shout, words });
    const remote = new RemoteRunnable<string, string, Record<string, unknown>>({ url: `${url}/shout` });
    expect(await remote.invoke("hi")).toBe("HI");
    expect(await remote.batch(["a", "b"])).toEqual(["A", "B"]);
    const chunks: string[] = [];
    for await (const chunk of await new RemoteRunnable<string, string, Record<string, unknown>>({
      url: `${url}/words`,
    }).stream("a b"))
      chunks.push(chunk);
    expect(chunks).toEqual(["a ", "b "]);
  });

  it("reads events and logs", async () => {
    const { url } = await serve({ words });
    const remote = new RemoteRunnable<string, string, Record<string, unknown>>({ url: `${url}/words` });
    const events: string[] = [];
    for await (const { event } of remote.streamEvents("a b", { version: "v2" })) events.push(event);
    expect(events).toEqual(["on_chain_start", "on_chain_stream", "on_chain_stream", "on_chain_end"]);
    let log: { state: { final_output: unknown } } | undefined;
    for await (const patch of remote.streamLog("a b"))
      log = (log === undefined ? patch : (log as any).concat(patch)) as any;
    expect(JSON.stringify(log)).toContain("a b ");
  });

  it("makes messages of what it gets", async () => {
    const { url } = await serve(RunnableLambda.from(() => new AIMessage({ content: "hello", id: "m1" })));
    const message = (await new RemoteRunnable({ url }).invoke({})) as AIMessage;
    expect(message._getType()).toBe("ai");
    expect(message.content).toBe("hello");
  });
});

describe("the protocol on the wire", () => {
  it("answers invoke with the output and the id of the run", async () => {
    const { url } = await serve({ shout });
    const response = await post(`${url}/shout/invoke`, { input: "hi" });
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await jsonOf(response)).toEqual({
      output: "HI",
      metadata: { run_id: expect.stringMatching(/^[0-9a-f-]{36}$/), feedback_tokens: [] },
    });
  });

  it("gives each run the id that it tells", async () => {
    const { url } = await serve(RunnableLambda.from((_: unknown, config: any) => config.metadata.endpoint as string));
    const { output, metadata } = await jsonOf(post(`${url}/batch`, { inputs: [1, 2] }));
    expect(output).toEqual(["batch", "batch"]);
    expect(new Set(metadata.run_ids).size).toBe(2);
  });

  it("streams metadata, data and end, with headers that keep proxies from gathering", async () => {
    const { url } = await serve({ words });
    const response = await post(`${url}/words/stream`, { input: "a b" });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    expect(await eventsOf(response)).toEqual([
      ["metadata", { run_id: expect.any(String) }],
      ["data", "a "],
      ["data", "b "],
      ["end", undefined],
    ]);
  });

  it("tells an error of a stream as an event, and not what it says", async () => {
    const failing = RunnableLambda.from(async function* () {
      yield 1;
      throw new Error("the password is 12345");
    });
    const { url } = await serve(failing);
    const response = await post(`${url}/stream`, { input: 1 });
    expect(response.status).toBe(200);
    expect((await eventsOf(response)).at(-1)).toEqual([
      "error",
      { status_code: 500, message: "Internal Server Error" },
    ]);
  });

  it("answers a failed invoke with a text that says nothing of it", async () => {
    const lines: unknown[] = [];
    const fails = RunnableLambda.from(() => {
      throw new Error("the password is 12345");
    });
    const { url } = await serve(fails, { onRequest: ({ status, error }) => lines.push([status, error]) });
    const response = await post(`${url}/invoke`, { input: 1 });
    expect([response.status, await response.text()]).toEqual([500, "Internal Server Error"]);
    expect(lines).toEqual([[500, "the password is 12345"]]);
  });

  it("refuses inputs that do not match the types of the chain, with the path of each issue", async () => {
    const typed = RunnableLambda.from((point: { x: number }) => point.x).withTypes({
      input: z.object({ x: z.number() }),
    });
    const { url } = await serve(typed);
    const response = await post(`${url}/invoke`, { input: { x: "one" } });
    expect(response.status).toBe(422);
    expect((await jsonOf(response)).detail[0]).toMatchObject({ loc: ["input", "x"], msg: expect.any(String) });
  });

  it("refuses configs that are not as many as inputs", async () => {
    const { url } = await serve({ shout });
    const response = await post(`${url}/shout/batch`, { inputs: ["a", "b"], config: [{}] });
    expect([response.status, await response.json()]).toEqual([
      422,
      { detail: "Number of configs (1) must match number of inputs (2)" },
    ]);
  });

  it("takes of a config only what is allowed", async () => {
    const look = RunnableLambda.from((_: unknown, config: any) => [config.configurable ?? {}, config.tags]);
    const { url } = await serve(look, { configKeys: ["configurable", "tags"], configurableKeys: ["language"] });
    const config = { configurable: { language: "de", user: "root" }, tags: ["t"], metadata: { a: 1 }, run_name: "x" };
    expect((await jsonOf(post(`${url}/invoke`, { input: 1, config }))).output).toEqual([{ language: "de" }, ["t"]]);
  });

  it("reads the config of a path", async () => {
    const { default: lz } = await import("lz-string");
    const look = RunnableLambda.from((_: unknown, config: any) => config.configurable);
    const { url } = await serve(look, { configurableKeys: ["language"] });
    const hash = lz.compressToEncodedURIComponent(JSON.stringify({ configurable: { language: "fr" } }));
    expect((await jsonOf(post(`${url}/c/${hash}/invoke`, { input: 1 }))).output).toEqual({ language: "fr" });
    expect((await post(`${url}/c/nonsense/invoke`, { input: 1 })).status).toBe(422);
  });

  it("has schemas of what a chain takes and gives", async () => {
    const typed = RunnableLambda.from((text: string) => text.length, { name: "count" }).withTypes({
      input: z.string(),
    });
    const { url } = await serve({ count: typed });
    expect(await (await fetch(`${url}/count/input_schema`)).json()).toMatchObject({
      title: "countInput",
      type: "string",
    });
    expect(await (await fetch(`${url}/count/output_schema`)).json()).toEqual({ title: "countOutput" });
    expect(await (await fetch(`${url}/count/config_schema`)).json()).toMatchObject({ type: "object" });
  });
});
