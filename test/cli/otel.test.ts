import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { fixture, records, run } from "./command.ts";
import { scratchFolder } from "./scratch.ts";

/** A collector that takes OTLP as JSON. */
async function collector(): Promise<{ env: Record<string, string>; sent: Map<string, any[]> }> {
  const sent = new Map<string, any[]>();
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => {
      text += chunk;
    });
    request.on("end", () => {
      sent.set(request.url!, [...(sent.get(request.url!) ?? []), JSON.parse(text)]);
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  onTestFinished(() => void server.close());
  const port = await new Promise<number>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
  );
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_METRICS_EXPORTER: "otlp",
    OTEL_LOGS_EXPORTER: "none",
    // Not even by chance is it sent to where the environment of the tests says.
    OTEL_TRACES_EXPORTER: "otlp",
  };
  return { env, sent };
}

describe("--otel", () => {
  it("sends spans and metrics to where the environment says, and says so where it cannot", async () => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "in.txt"), "a\nb\n");
    const { env, sent } = await collector();
    const args = ["batch", fixture("shout.mjs"), "-i", "in.txt", "-o", "out.jsonl", "--otel", "--quiet"];
    const { code, stderr } = await run(args, { cwd, env });
    expect([code, stderr]).toEqual([0, ""]);
    expect(records(cwd, "out.jsonl").map(({ output }) => output)).toEqual(["A", "B"]);
    const [{ resource, scopeSpans }] = sent.get("/v1/traces")![0].resourceSpans;
    const attributes = Object.fromEntries(resource.attributes.map(({ key, value }: any) => [key, value.stringValue]));
    expect(attributes["service.name"]).toBe("shout");
    expect(scopeSpans.flatMap(({ spans }: any) => spans.map(({ name }: any) => name))).toEqual([
      "invoke_workflow shout",
      "invoke_workflow shout",
    ]);
    const metrics = sent
      .get("/v1/metrics")!
      .at(-1)
      .resourceMetrics[0].scopeMetrics.flatMap((scope: any) => scope.metrics);
    expect(metrics.map(({ name }: any) => name)).toContain("gen_ai.invoke_agent.duration");
  });
});
