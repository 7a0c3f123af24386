import { describe, expect, it } from "vitest";
import { z } from "zod";
import { RunnableLambda } from "../../src/index.ts";
import { jsonOf, post, serve } from "./support.ts";

const area = RunnableLambda.from(({ side }: { side: number }) => side ** 2, { name: "area" }).withTypes({
  input: z.object({ side: z.number() }),
  output: z.number(),
});
const fails = RunnableLambda.from(() => {
  throw new Error("no");
});

describe("what a server says of itself", () => {
  it("is an OpenAPI document with the types of the chains", async () => {
    const { url } = await serve({ area }, { version: "1.2.3", tokens: ["secret"] });
    const document = await jsonOf(fetch(`${url}/openapi.json`));
    expect(document).toMatchObject({ openapi: "3.1.0", info: { version: "1.2.3" } });
    expect(Object.keys(document.paths)).toEqual(
      ["invoke", "batch", "stream", "stream_events", "stream_log", "chat"].map((endpoint) => `/area/${endpoint}`),
    );
    const { requestBody, responses, security } = document.paths["/area/invoke"].post;
    expect(requestBody.content["application/json"].schema.properties.input).toMatchObject({
      type: "object",
      properties: { side: { type: "number" } },
    });
    expect(responses[200].content["application/json"].schema.properties.output).toMatchObject({ type: "number" });
    expect(security).toEqual([{ token: [] }]);
    expect(JSON.stringify(document)).not.toContain("$schema");
  });

  it("is a page that may ask this server and nobody else", async () => {
    const { url } = await serve({ "area.of-squares": area });
    const response = await fetch(`${url}/`);
    const html = await response.text();
    expect(response.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; script-src 'sha256-[\w+/=]+';/,
    );
    expect(html).toContain('data-path="/area.of-squares"');
    expect(html).not.toMatch(/https?:\/\//);
    const script = /<script>(.*)<\/script>/s.exec(html)![1]!;
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(script));
    expect(response.headers.get("content-security-policy")).toContain(Buffer.from(digest).toString("base64"));
  });

  it("are figures for Prometheus", async () => {
    const { url } = await serve({ area, fails });
    for (const side of [1, 2, 3]) await post(`${url}/area/invoke`, { input: { side } });
    await post(`${url}/fails/invoke`, { input: 1 });
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const lines = (await response.text()).split("\n");
    expect(lines).toContain('runlane_runs_total{chain="area"} 3');
    expect(lines).toContain('runlane_runs_failed_total{chain="fails"} 1');
    expect(lines).toContain('runlane_run_duration_seconds_bucket{chain="area",le="+Inf"} 3');
    expect(lines).toContain('runlane_run_duration_seconds_count{chain="area"} 3');
    // Each line is a comment, or a name with labels and a number.
    for (const line of lines.filter((text) => text !== "" && !text.startsWith("#")))
      expect(line).toMatch(/^[a-z_]+(\{[^{}]*\})? [\d.e+-]+$/);
    const counts = lines
      .filter((line) => line.includes('_bucket{chain="area"'))
      .map((line) => Number(line.split(" ")[1]));
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
  });
});
