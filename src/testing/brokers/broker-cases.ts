import type { Broker } from "../../cluster/broker.ts";
import { within } from "../expectations.ts";
import type { BrokerCase, BrokerCaseDefinition, BrokerCasesOptions } from "./broker-case.ts";
import { BROKER_CASES } from "./cases.ts";
import { LIMIT_CASES } from "./limit-cases.ts";

/**
 * The requirements on a broker, as cases for any test framework: see {@link laneCases}, which does the same for lanes.
 *
 * @example
 * ```ts
 * import { openBroker } from "runlane/cluster";
 * import { brokerCases } from "runlane/testing";
 *
 * const cases = brokerCases({ open: (options) => openBroker("embedded:", options) });
 * console.log(cases[0]?.name); // every chunk is run, and its outcome reaches who submitted it
 * ```
 */
export function brokerCases(options: BrokerCasesOptions): BrokerCase[] {
  return [...BROKER_CASES, ...LIMIT_CASES].map((definition) => caseOf(definition, options));
}

function caseOf({ name, losesWorkers = false, check }: BrokerCaseDefinition, options: BrokerCasesOptions): BrokerCase {
  const { patienceMs = 30_000, leaseMs = 10_000, skipLost } = options;
  const run = async (): Promise<void> => {
    const opened: Broker[] = [];
    const open = async (more = {}): Promise<Broker> => {
      const broker = await options.open({ leaseMs, ...more });
      opened.push(broker);
      return broker;
    };
    try {
      await within(patienceMs, "the case", check({ open, patienceMs, leaseMs }));
    } finally {
      await within(patienceMs, "closing the connections", Promise.all(opened.map((broker) => broker.close())));
    }
  };
  return losesWorkers && skipLost !== undefined ? { name, skip: skipLost, run } : { name, run };
}
