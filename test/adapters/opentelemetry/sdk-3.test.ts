import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { everything } from "../../everything.ts";

const built = fileURLToPath(new URL("../../../dist", import.meta.url));
const folder = fileURLToPath(new URL("../../../.cache/opentelemetry-3", import.meta.url));
const run = promisify(execFile);

/** It needs another version of the API than version 2 does: the two cannot be installed side by side. */
const PACKAGES = ["api@1.10.0", "sdk-trace@3.1.1", "sdk-metrics@3.1.1", "context-async-hooks@3.1.1"];
const NEEDED = [22, 15];

const PROGRAM = `
  import { context, metrics, trace } from "@opentelemetry/api";
  import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
  import * as sdkMetrics from "@opentelemetry/sdk-metrics";
  import * as sdkTrace from "@opentelemetry/sdk-trace";
  import { RunnableLambda } from "./dist/index.js";
  import { instrument } from "./dist/adapters/opentelemetry/index.js";

  const spans = new sdkTrace.InMemorySpanExporter();
  const exporter = new sdkMetrics.InMemoryMetricExporter(sdkMetrics.AggregationTemporality.CUMULATIVE);
  const reader = new sdkMetrics.PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
  const meters = new sdkMetrics.MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(meters);
  trace.setGlobalTracerProvider(
    new sdkTrace.TracerProvider({ spanProcessors: [new sdkTrace.SimpleSpanProcessor({ exporter: spans })] }),
  );
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  await instrument();
  const active = [];
  const look = RunnableLambda.from(async (x) => {
    await Promise.resolve();
    active.push(trace.getActiveSpan().spanContext().spanId);
    return x;
  }, { name: "look" });
  await look.pipe((x) => x + 1).invoke(1, { runName: "sum" });
  const ended = spans.getFinishedSpans();
  await meters.forceFlush();
  const names = exporter.getMetrics().flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap((scope) => scope.metrics.map(({ descriptor }) => descriptor.name)));
  console.log(JSON.stringify({
    spans: ended.map(({ name }) => name),
    isActive: active[0] === ended.find(({ name }) => name === "look").spanContext().spanId,
    isMeasured: names.includes("gen_ai.invoke_agent.duration"),
  }));
  process.exit();
`;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const isNewEnough = major > NEEDED[0]! || (major === NEEDED[0] && minor >= NEEDED[1]!);

describe.skipIf(!everything || !isNewEnough)("version 3 of the SDK", () => {
  it("is told of spans and metrics, and keeps the span active, as version 2 does", async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
    if (!existsSync(join(folder, "node_modules"))) {
      const names = PACKAGES.map((name) => `@opentelemetry/${name}`);
      await run("npm", ["install", ...names, "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder });
    }
    cpSync(built, join(folder, "dist"), { recursive: true });
    writeFileSync(join(folder, "program.js"), PROGRAM);
    const { stdout } = await run(process.execPath, ["program.js"], { cwd: folder });
    expect(JSON.parse(stdout)).toEqual({
      spans: ["look", "RunnableLambda", "invoke_workflow sum"],
      isActive: true,
      isMeasured: true,
    });
  });
});
