import { setTimeout as sleep } from "node:timers/promises";
import type { Broker, BrokerOptions } from "../../cluster/broker.ts";
import { brokerUrl, openBroker } from "../../cluster/open-broker.ts";
import { RunlaneError } from "../../core/errors/errors.ts";
import { CliError } from "../cli-error.ts";

/** How often it is looked whether a broker is there. */
const AGAIN_MS = 1000;

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

/** Connects to the broker, as soon as it is there. @throws CliError RUNLANE_CLI_START for what will not pass by itself */
export async function brokerWhenThere(given: string | undefined, signal: AbortSignal): Promise<Broker | undefined> {
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    try {
      const broker = await openBroker(brokerUrl(given), { onTrouble: tellTrouble });
      if (!isFirst) tellTrouble(undefined);
      return broker;
    } catch (error) {
      if ((error as { code?: unknown }).code !== "RUNLANE_BROKER_UNREACHABLE") throw asStartError(error);
      if (isFirst) tellTrouble((error as RunlaneError).details.reason as string);
      await sleep(AGAIN_MS, undefined, { signal }).catch(() => {});
    }
  }
  return undefined;
}

/** The error that keeps a run or a worker from starting, in one line. */
export function asStartError(error: unknown): unknown {
  return error instanceof RunlaneError && !(error instanceof CliError)
    ? new CliError("RUNLANE_CLI_START", error.message, { cause: error })
    : error;
}

/** Prints once that the broker is gone, and once that it is back. */
export function tellTrouble(reason: string | undefined): void {
  const text =
    reason === undefined ? "the broker is back; going on" : `the broker is out of reach (${reason}); waiting for it`;
  process.stderr.write(`runlane: ${text}\n`);
}
