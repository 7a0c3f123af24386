import { ask, builtinModule } from "../core/platform.ts";
import { type Carrier, type Tracing, tracing } from "../core/tracing.ts";

type Api = typeof import("@opentelemetry/api");
type Context = import("@opentelemetry/api").Context;
type ContextManager = import("@opentelemetry/api").ContextManager;

/** The header of W3C's trace context: version, trace, span, flags. */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Connects traces by the propagator that the program has registered; where it has none, by `traceparent` alone. */
export class TraceContext implements Tracing {
  constructor(private readonly api: Api) {}

  inject(): Carrier | undefined {
    const { context, propagation, trace, isSpanContextValid } = this.api;
    const active = context.active();
    const span = trace.getSpanContext(active);
    if (span === undefined || !isSpanContextValid(span)) return undefined;
    const carrier: Record<string, string> = {};
    propagation.inject(active, carrier);
    const flags = span.traceFlags.toString(16).padStart(2, "0");
    for (const _ in carrier) return carrier;
    return { traceparent: `00-${span.traceId}-${span.spanId}-${flags}` };
  }

  within<T>(carrier: Carrier, run: () => T): T {
    const { context, trace } = this.api;
    if (trace.getSpanContext(context.active()) !== undefined) return run();
    return context.with(this.extract(carrier), run);
  }

  private extract(carrier: Carrier): Context {
    const { propagation, trace, context } = this.api;
    const extracted = propagation.extract(context.active(), carrier);
    if (trace.getSpanContext(extracted) !== undefined) return extracted;
    const [, traceId, spanId, flags] = TRACEPARENT.exec(carrier.traceparent ?? "") ?? [];
    if (traceId === undefined || spanId === undefined) return extracted;
    const traceFlags = Number.parseInt(flags!, 16);
    return trace.setSpanContext(extracted, { traceId, spanId, traceFlags, isRemote: true });
  }
}

/** Runs something as a part of a trace that began in another thread. */
export function withinTrace<T>(carrier: Carrier, run: () => T): T {
  tracing.current ??= ofWorker();
  return tracing.current.within(carrier, run);
}

/** The tracing where nobody can say which trace is the active one. */
const NO_TRACING: Tracing = { inject: () => undefined, within: (_carrier, run) => run() };

/**
 * The tracing of a thread that nobody has instrumented: a worker of a lane. Functions there find the span around the call to the lane as
 * the active one, whether or not the thread has an SDK. Loaded at once, as inputs do not wait.
 */
function ofWorker(): Tracing {
  const load = (): Api => builtinModule("node:module")?.createRequire(import.meta.url)("@opentelemetry/api");
  const api = ask<Api | undefined>(load, undefined);
  if (api === undefined) return NO_TRACING;
  // One that the thread has registered before stays.
  api.context.setGlobalContextManager(contextManager(api));
  return new TraceContext(api);
}

/** A context manager, which keeps the active context where no SDK does. */
function contextManager({ ROOT_CONTEXT }: Api): ContextManager {
  const { AsyncLocalStorage } = builtinModule("node:async_hooks")!;
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (context, run, thisArg, ...args) => storage.run(context, () => run.call(thisArg as never, ...args)),
    bind: (context, target) =>
      typeof target === "function"
        ? (Object.assign((...args: unknown[]) => storage.run(context, () => target(...args)), target) as typeof target)
        : target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}
