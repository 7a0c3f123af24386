import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { RunnableLambda } from "../../src/index.ts";
import { post, serve } from "./support.ts";

const add = RunnableLambda.from(({ a, b }: { a: number; b: number }) => ({ sum: a + b })).withTypes({
  input: z.object({ a: z.number(), b: z.number() }),
});
const descriptions = { add: "Adds two numbers.", slow: "Takes its time.", text: "Takes no object." };

const ERAS = [
  ["2026", { versionNegotiation: { mode: "auto" as const } }],
  ["2025", {}],
] as const;

async function connect(url: string, options: object): Promise<Client> {
  const client = new Client({ name: "test", version: "1.0.0" }, options);
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
  onTestFinished(() => client.close());
  return client;
}

describe.each(ERAS)("a client of the Model Context Protocol of %s", (_, options) => {
  it("finds chains with a description and a schema of objects, and calls them", async () => {
    const text = RunnableLambda.from((value: string) => value).withTypes({ input: z.string() });
    const { url } = await serve({ add, text, untold: add }, { descriptions });
    const client = await connect(url, options);
    const { tools } = await client.listTools();
    expect(tools.map(({ name, description }) => [name, description])).toEqual([["add", "Adds two numbers."]]);
    expect(tools[0]!.inputSchema).toMatchObject({ type: "object", required: ["a", "b"] });
    const result = await client.callTool({ name: "add", arguments: { a: 1, b: 2 } });
    expect(result.content).toEqual([{ type: "text", text: '{"sum":3}' }]);
  });

  it("is told of errors without what they say", async () => {
    const fails = RunnableLambda.from(() => {
      throw new Error("the password is 12345");
    }).withTypes({ input: z.object({}) });
    const { url } = await serve({ slow: fails }, { descriptions });
    const client = await connect(url, options);
    expect(await client.callTool({ name: "slow", arguments: {} })).toMatchObject({
      isError: true,
      content: [{ type: "text", text: "Internal Server Error" }],
    });
  });

  it("stops a step by cancelling the call", async () => {
    let isRunning = false;
    let stopped = false;
    const slow = RunnableLambda.from((_input: object, { signal }: any) => {
      isRunning = true;
      return new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => {
          stopped = true;
          reject(signal.reason);
        }),
      );
    }).withTypes({ input: z.object({}) });
    const { url } = await serve({ slow }, { descriptions });
    const client = await connect(url, options);
    const controller = new AbortController();
    const called = client
      .callTool({ name: "slow", arguments: {} }, { signal: controller.signal })
      .catch(() => "cancelled");
    await expect.poll(() => isRunning).toBe(true);
    controller.abort();
    expect(await called).toBe("cancelled");
    await expect.poll(() => stopped).toBe(true);
  });
});

describe("the endpoint for agents", () => {
  it("answers no page of a foreign origin", async () => {
    const { url } = await serve({ add }, { descriptions });
    const response = await post(`${url}/mcp`, "{}", { headers: { origin: "https://evil.example" } });
    expect(response.status).toBe(403);
  });

  it("needs a token where the server does", async () => {
    const { url } = await serve({ add }, { descriptions, tokens: ["secret"] });
    expect((await post(`${url}/mcp`, "{}")).status).toBe(401);
  });

  it("is not there without tools", async () => {
    const { url } = await serve({ add });
    expect((await post(`${url}/mcp`, "{}")).status).toBe(404);
  });
});
