import { context, metrics, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { onTestFinished } from "vitest";
import { type InstrumentOptions, instrument } from "../../../src/adapters/opentelemetry/instrument.ts";

/** The SDK of a test, as a program registers one. */
export interface Sdk {
  /** The spans that have ended. */
  spans(): ReadableSpan[];
  /** Each span under those around it: `outer > inner`, in the order in which they ended. */
  paths(): string[];
  span(name: string): ReadableSpan;
}

/** Registers an SDK, and instruments Runlane. Both end with the test. */
export async function start(options: InstrumentOptions & { sampler?: Sampler } = {}): Promise<Sdk> {
  const { sampler, ...instrumenting } = options;
  const exporter = new InMemorySpanExporter();
  for (const api of [trace, context]) api.disable();
  const processors = [new SimpleSpanProcessor(exporter)];
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: processors, ...(sampler === undefined ? {} : { sampler }) }),
  );
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const instrumentation = await instrument(instrumenting);
  onTestFinished(() => {
    instrumentation.stop();
    for (const api of [trace, context, propagation]) api.disable();
  });
  const spans = () => exporter.getFinishedSpans();
  const pathOf = (span: ReadableSpan): string => {
    const around = spans().find((other) => other.spanContext().spanId === span.parentSpanContext?.spanId);
    return around === undefined ? span.name : `${pathOf(around)} > ${span.name}`;
  };
  return {
    spans,
    paths: () => spans().map(pathOf),
    span: (name) => {
      const found = spans().find((span) => span.name === name);
      if (found === undefined) throw new Error(`No span ${name} among ${spans().map((span) => span.name)}`);
      return found;
    },
  };
}

/** Registers a meter provider. What it gives collects the points of all metrics, by their names. */
export function startMetrics(): () => Promise<Map<string, { attributes: object; value: any }[]>> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1 << 30 });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  onTestFinished(async () => {
    metrics.disable();
    await provider.shutdown();
  });
  return async () => {
    exporter.reset();
    await provider.forceFlush();
    const all = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    return new Map(all.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints as never]));
  };
}
