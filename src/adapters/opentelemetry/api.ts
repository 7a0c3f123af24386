/** `@opentelemetry/api`, which is loaded when somebody instruments. */
export type Api = typeof import("@opentelemetry/api");

/** Says whether a program has registered an SDK for traces: it may do so at any time. */
export function sdkDetector({ trace, ProxyTracerProvider }: Api): () => boolean {
  const none: unknown = new ProxyTracerProvider().getDelegate();
  return () => (trace.getTracerProvider() as { getDelegate?(): unknown }).getDelegate?.() !== none;
}
