/// <reference lib="esnext.disposable" preserve="true" />
import { observeAllCalls } from "../../core/measured.ts";
import { missingPackage } from "../../core/optional-package.ts";
import { environment } from "../../core/platform.ts";
import { tracing } from "../../core/tracing.ts";
import { TraceContext } from "../../observe/trace-context.ts";
import { InsideHandler } from "./inside-handler.ts";
import { measureLanes } from "./metrics/lane-metrics.ts";
import { RunMetrics } from "./metrics/run-metrics.ts";
import { measureRuntime } from "./metrics/runtime-metrics.ts";
import { SpanObserver } from "./span-observer.ts";

/** The options of {@link instrument}. */
export interface InstrumentOptions {
  /**
   * Whether spans have the texts: inputs, outputs, messages, arguments and results of tools, documents.
   *
   * @default the variable OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT; false without it
   */
  readonly messages?: boolean | undefined;
  /**
   * Whether there are metrics of the event loop and of garbage collection. Switch off where another instrumentation has them.
   *
   * @default true
   */
  readonly runtime?: boolean | undefined;
}

/** An instrumentation that {@link instrument} has begun. */
export interface Instrumentation extends Disposable {
  /** Ends the instrumentation: calls made from now on are not seen. A second call does nothing. */
  stop(): void;
}

const NAME = "runlane";

let current: Instrumentation | undefined;

/**
 * Makes OpenTelemetry's spans and metrics of what Runlane does: a span for each run, by the semantic conventions for generative AI, and
 * metrics of runs, models, tools, lanes, batches, resources, the event loop and garbage collection. They go to the SDK that the program
 * has registered before. Where there is none, and in calls that the sampler leaves out, nobody looks at steps.
 *
 * The trace goes on in threads, processes, remote runnables and servers, and its span is the active one inside functions there.
 *
 * @throws RUNLANE_MISSING_PACKAGE when `@opentelemetry/api` is not installed
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 * import { instrument } from "runlane/opentelemetry";
 *
 * const instrumentation = await instrument();
 * await RunnableLambda.from((x: number) => x + 1).invoke(1); // a span, where an SDK is registered
 * instrumentation.stop();
 * ```
 */
export async function instrument(options: InstrumentOptions = {}): Promise<Instrumentation> {
  const { messages = environment("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT") === "true", runtime = true } =
    options;
  const api = await import("@opentelemetry/api").catch(missingPackage("runlane/opentelemetry", "@opentelemetry/api"));
  // Two of them would tell everything twice.
  current?.stop();
  const meter = api.metrics.getMeter(NAME);
  const isMeasured = meter.constructor.name !== "NoopMeter";
  const metrics = isMeasured ? new RunMetrics(meter) : undefined;
  const tracer = api.trace.getTracer(NAME);
  const handler = new InsideHandler(api, tracer, metrics, messages);
  const observer = new SpanObserver({ api, tracer, metrics, handler, withMessages: messages });
  const ends = [observeAllCalls(observer)];
  if (isMeasured) ends.push(measureLanes(meter));
  if (isMeasured && runtime) ends.push(measureRuntime(meter));
  const traceContext = new TraceContext(api);
  tracing.current = traceContext;
  const stop = (): void => {
    for (const end of ends.splice(0)) end();
    if (tracing.current === traceContext) tracing.current = undefined;
    if (current === instrumentation) current = undefined;
  };
  const instrumentation: Instrumentation = { stop, [Symbol.dispose]: stop };
  current = instrumentation;
  return instrumentation;
}
