import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { everything } from "../everything.ts";
import { post } from "../serve/support.ts";
import { fixture, records, run, start } from "./command.ts";
import { scratchFolder } from "./scratch.ts";
import { addressOf } from "./serving.ts";

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

/** The spans that a collector has got. */
function spansOf(sent: Map<string, any[]>): any[] {
  const resources = (sent.get("/v1/traces") ?? []).flatMap(({ resourceSpans }) => resourceSpans);
  return resources.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }: any) => spans));
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
    expect(scopeSpans).not.toEqual([]);
    expect(spansOf(sent).map(({ name }) => name)).toEqual(["invoke_workflow shout", "invoke_workflow shout"]);
    const metrics = sent
      .get("/v1/metrics")!
      .at(-1)
      .resourceMetrics[0].scopeMetrics.flatMap((scope: any) => scope.metrics);
    expect(metrics.map(({ name }: any) => name)).toContain("gen_ai.invoke_agent.duration");
  });

  it.runIf(everything)(
    "sends the spans of a server before it ends, as parts of the traces that requests name",
    async () => {
      const { env, sent } = await collector();
      const args = ["serve", fixture("shout.mjs"), "-p", "0", "--log", "none", "--otel"];
      const server = start(args, { cwd: scratchFolder(), env });
      const url = await addressOf(server);
      const [traceId, parentSpanId] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
      const headers = { traceparent: `00-${traceId}-${parentSpanId}-01` };
      expect((await post(`${url}/shout/invoke`, { input: "a" }, { headers })).status).toBe(200);
      server.process.kill("SIGTERM");
      expect((await server.finished).code).toBe(0);
      expect(spansOf(sent)).toMatchObject([{ name: "invoke_workflow shout", traceId, parentSpanId }]);
    },
  );
});
