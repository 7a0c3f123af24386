import type { Broker, BrokerOptions } from "../../cluster/broker.ts";
import { openBroker } from "../../cluster/open-broker.ts";
import { RunlaneError } from "../../core/errors/errors.ts";
import { CliError } from "../cli-error.ts";

/** The broker that a command uses when it is told none. */
const EMBEDDED = "embedded:";

/** The URL of the broker: what the command line says, what RUNLANE_BROKER says, or the embedded one. */
export function brokerUrl(given: string | undefined): string {
  return given ?? process.env.RUNLANE_BROKER ?? EMBEDDED;
}

/** A broker's URL as others may see it. */
export function shownUrl(url: string): string {
  return url.replace(/(:\/\/[^:@/]*):[^@/]*@/, "$1@");
}

/** Connects to the broker. @throws CliError RUNLANE_CLI_START */
export async function brokerOf(given: string | undefined, options: BrokerOptions = {}): Promise<Broker> {
  try {
    return await openBroker(brokerUrl(given), { onTrouble: tellTrouble, ...options });
  } catch (error) {
    throw asStartError(error);
  }
}

/** What keeps a run or a worker from starting, in one line. */
export function asStartError(error: unknown): unknown {
  return error instanceof RunlaneError && !(error instanceof CliError)
    ? new CliError("RUNLANE_CLI_START", error.message, { cause: error })
    : error;
}

/** Says once that the broker is gone, and once that it is back. */
export function tellTrouble(reason: string | undefined): void {
  const text =
    reason === undefined ? "the broker is back; going on" : `the broker is out of reach (${reason}); waiting for it`;
  process.stderr.write(`runlane: ${text}\n`);
}
