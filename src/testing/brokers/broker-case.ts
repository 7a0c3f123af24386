import type { Broker, BrokerOptions } from "../../cluster/broker.ts";

/** The options of {@link brokerCases}. */
export interface BrokerCasesOptions {
  /**
   * Connects to the broker. A case opens several connections to the same one, as producers and workers do, and closes them.
   *
   * @param options The options for the broker, to be passed on.
   */
  open(options: BrokerOptions): Promise<Broker>;
  /** The lease that is asked for, in milliseconds: cases about lost workers wait for it. @default 10000 */
  leaseMs?: number | undefined;
  /** The reason why cases about lost workers are left out, where they would take too long. */
  skipLost?: string | undefined;
  /**
   * The time that a case waits for something that has to happen before it fails, in milliseconds.
   *
   * @default 30000
   */
  patienceMs?: number | undefined;
}

/** One requirement on a broker, as a test. */
export interface BrokerCase {
  /** The requirement as a sentence. */
  readonly name: string;
  /** The reason why the case is left out; undefined when it is not. */
  readonly skip?: string;
  /** Resolves when the broker meets the requirement; otherwise rejects with an `AssertionError` or the error of the broker. */
  run(): Promise<void>;
}

/** The broker and the settings of a case that runs. */
export interface BrokerBench {
  /** Opens another connection. */
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
