import type { Broker, BrokerOptions } from "../../cluster/broker.ts";

/** What {@link brokerCases} needs to know of a broker. */
export interface BrokerCasesOptions {
  /**
   * Connects to the broker. A case opens several connections to the same one, as producers and workers do, and closes them.
   *
   * @param options To be passed on.
   */
  open(options: BrokerOptions): Promise<Broker>;
  /** The lease that is asked for, in milliseconds: cases about lost workers wait for it. @default 10000 */
  leaseMs?: number | undefined;
  /** Why cases about lost workers are left out, where they would take too long. */
  skipLost?: string | undefined;
  /**
   * How long a case waits for something that has to happen, in milliseconds, before it fails.
   *
   * @default 30000
   */
  patienceMs?: number | undefined;
}

/** One thing that a broker has to do. */
export interface BrokerCase {
  /** A sentence about it. */
  readonly name: string;
  /** Why it is left out. */
  readonly skip?: string;
  /** Resolves when the broker does it, and rejects with an `AssertionError` or what the broker threw otherwise. */
  run(): Promise<void>;
}

/** What a case has at hand. */
export interface BrokerBench {
  /** Opens one connection more. */
  open(options?: BrokerOptions): Promise<Broker>;
  readonly patienceMs: number;
  readonly leaseMs: number;
}

/** A case before it knows its broker. */
export interface BrokerCaseDefinition {
  readonly name: string;
  /** Whether it waits for a lease. */
  readonly losesWorkers?: boolean;
  check(bench: BrokerBench): Promise<void>;
}
