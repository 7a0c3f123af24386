/** The trace of a call, for another thread or machine: headers of W3C's trace context, or those that a propagator writes. */
export type Carrier = Readonly<Record<string, string>>;

/** Connects the traces of this thread with those of other threads, processes and machines. */
export interface Tracing {
  /** The carrier for a call that is made now; undefined when the call belongs to no trace. */
  inject(): Carrier | undefined;
  /** Runs something as a part of the trace that a carrier names, unless it is part of one already. */
  within<T>(carrier: Carrier, run: () => T): T;
}

/** The tracing that is on; undefined while nobody traces, which is all that calls look at. */
export const tracing: { current: Tracing | undefined } = { current: undefined };

/** The key under which a config carries a {@link Carrier} to another thread. */
const CARRIER = "runlane.carrier";

/** The data of a config, with the trace that a call belongs to. */
export function withCarrier(config: object | undefined, carrier: Carrier): object {
  return { ...config, [CARRIER]: carrier };
}

export function carrierOf(config: unknown): Carrier | undefined {
  return (config as { [CARRIER]?: Carrier } | undefined)?.[CARRIER];
}

/** The same config without it, as functions see it. */
export function withoutCarrier<Config>(config: Config): Config {
  if (carrierOf(config) === undefined) return config;
  const { [CARRIER]: _, ...rest } = config as Config & { [CARRIER]?: Carrier };
  return rest as Config;
}
