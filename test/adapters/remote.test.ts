import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";
import { RemoteRunnable } from "../../src/adapters/remote/index.ts";
import { type RunnableConfig, RunnableLambda } from "../../src/index.ts";
import { serve } from "../serve/support.ts";

const shout = RunnableLambda.from((text: string) => text.toUpperCase(), { name: "shout" });

describe("a remote runnable", () => {
  it("is a step like any other", async () => {
    const { url } = await serve({ shout });
    const remote = new RemoteRunnable<string, string>({ url: `${url}/shout/` });
    const chain = RunnableLambda.from((text: string) => ` ${text} `)
      .pipe(remote)
      .pipe((text) => text.trim());
    expect(await chain.invoke("a")).toBe("A");
    expect(chain.explain().toString()).toContain(new URL(url).host);
  });

  it("sends a batch in requests of many inputs, and gives the outputs in order", async () => {
    const sizes: number[] = [];
    const { url } = await serve({ shout });
    const counted: typeof fetch = (address, init) => {
      sizes.push(JSON.parse(String(init!.body)).inputs.length);
      return fetch(address, init);
    };
    const remote = new RemoteRunnable<string, string>({ url: `${url}/shout`, batchSize: 40, fetch: counted });
    const inputs = Array.from({ length: 100 }, (_, index) => `a${index}`);
    expect(await remote.batch(inputs)).toEqual(inputs.map((text) => text.toUpperCase()));
    // What a busy machine has not got together in a turn goes in a request of its own.
    expect(sizes.reduce((sum, size) => sum + size)).toBe(100);
    expect(Math.max(...sizes)).toBe(40);
  });

  it("streams chunks, and stops the work of a stream that is left", async () => {
    let closed = false;
    const endless = RunnableLambda.from(async function* (word: string) {
      try {
        for (;;) {
          yield word;
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      } finally {
        closed = true;
      }
    });
    const { url } = await serve(endless);
    const chunks: string[] = [];
    for await (const chunk of await new RemoteRunnable<string, string>({ url }).stream("a")) {
      chunks.push(chunk);
      if (chunks.length === 3) break;
    }
    expect(chunks).toEqual(["a", "a", "a"]);
    await expect.poll(() => closed).toBe(true);
  });

  it("gives LangChain's messages as such, in both directions", async () => {
    const reply = RunnableLambda.from((messages: { type: string; content: string }[]) => {
      const { type, content } = messages[0]!;
      return new AIMessage({ content: `${type}: ${content}`, id: "m1" });
    });
    const { url } = await serve(reply);
    const message = await new RemoteRunnable<HumanMessage[], AIMessage>({ url }).invoke([new HumanMessage("hi")]);
    expect(message).toBeInstanceOf(AIMessage);
    expect([message.content, message.id]).toEqual(["human: hi", "m1"]);
  });

  it("tells of the steps on the server by events and logs", async () => {
    const { url } = await serve(shout.pipe((text) => `${text}!`));
    const remote = new RemoteRunnable<string, string>({ url });
    const names: string[] = [];
    for await (const { name, event } of remote.streamEvents("a", { version: "v2" }, { includeNames: ["shout"] }))
      names.push(`${name} ${event}`);
    expect(names).toContain("shout on_chain_end");
    let output: unknown;
    for await (const { ops } of remote.streamLog("a"))
      for (const { path, value } of ops) if (path === "/final_output") output = value;
    expect(output).toEqual({ output: "A!" });
  });

  it("sends what the server may take of a config, and headers that are made for each request", async () => {
    const look = RunnableLambda.from((_: unknown, config: RunnableConfig) => [config.configurable, config.tags]);
    let asked = 0;
    const { url } = await serve(look, {
      tokens: ["token 2"],
      configKeys: ["configurable", "tags"],
      configurableKeys: ["language"],
    });
    const remote = new RemoteRunnable({ url, headers: async () => ({ authorization: `Bearer token ${++asked}` }) });
    await expect(remote.invoke(1)).rejects.toMatchObject({ code: "RUNLANE_REMOTE_FAILED", details: { status: 401 } });
    expect(await remote.invoke(1, { configurable: { language: "de" }, tags: ["t"] })).toEqual([
      { language: "de" },
      ["t"],
    ]);
  });

  it("fails with what the server says, and with no more", async () => {
    const fails = RunnableLambda.from(async function* () {
      yield 1;
      throw new Error("the password is 12345");
    });
    const { url } = await serve(fails);
    const remote = new RemoteRunnable({ url });
    await expect(remote.invoke(1)).rejects.toMatchObject({ details: { status: 500, answer: "Internal Server Error" } });
    const chunks: unknown[] = [];
    const read = async () => {
      for await (const chunk of await remote.stream(1)) chunks.push(chunk);
    };
    await expect(read()).rejects.toMatchObject({ code: "RUNLANE_REMOTE_FAILED" });
    expect(chunks).toEqual([1]);
  });

  it("tries again what was refused before it ran, and nothing else", async () => {
    const answers = [
      new Response("busy", { status: 503 }),
      Response.json({ output: 1 }),
      new Response("no", { status: 500 }),
      Response.json({ output: 2 }),
    ];
    const scripted: typeof fetch = async () => answers.shift()!;
    const remote = new RemoteRunnable({ url: "http://localhost/x", fetch: scripted, retries: 1 });
    expect(await remote.invoke(0)).toBe(1);
    await expect(remote.invoke(0)).rejects.toMatchObject({ details: { status: 500 } });
    expect(answers).toHaveLength(1);
  });

  it("ends with the signal and with its own timeout", async () => {
    let stopped = 0;
    const waits = RunnableLambda.from(
      (_: unknown, { signal }: any) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => {
            stopped++;
            reject(signal.reason);
          }),
        ),
    );
    const { url, server } = await serve(waits);
    const controller = new AbortController();
    const asked = new RemoteRunnable({ url }).invoke(1, { signal: controller.signal });
    await expect.poll(() => server.inFlight).toBe(1);
    controller.abort();
    await expect(asked).rejects.toMatchObject({ name: "AbortError" });
    await expect(new RemoteRunnable({ url, timeoutMs: 30 }).invoke(1)).rejects.toMatchObject({ name: "TimeoutError" });
    await expect.poll(() => stopped).toBe(2);
  });

  it("refuses addresses that are none", () => {
    expect(() => new RemoteRunnable({ url: "shout" })).toThrow(/RemoteRunnable: url must be an http or https address/);
  });
});
