import { brokerUrl } from "../../cluster/open-broker.ts";
import { CliError } from "../cli-error.ts";
import { brokerOf } from "./broker-of.ts";
import { findRun } from "./list-runs.ts";

/** Options that belong to the command that has started a run, and those that take a value after them. */
const DROPPED = new Set(["--detach", "--overwrite", "--broker"]);
const WITH_VALUE = new Set(["--broker"]);

/** The command that collects a run that was started with `--detach`. @throws CliError */
export async function commandOf(id: string, url: string | undefined): Promise<string[]> {
  const broker = await brokerOf(url);
  try {
    const { about } = await findRun(broker, id);
    const { command, folder } = about;
    if (command === undefined || command[0] !== "batch" || folder === undefined)
      throw new CliError(
        "RUNLANE_CLI_USAGE",
        `the run ${id} was not started by runlane batch, so nobody knows where its records go`,
      );
    if (folder !== process.cwd())
      throw new CliError(
        "RUNLANE_CLI_USAGE",
        `the run ${id} was started on ${about.host} in ${folder}; collect it there`,
      );
    return [...withoutStart(command), "--resume", "--broker", brokerUrl(url)];
  } finally {
    await broker.close();
  }
}

/** A command line without what concerns its start, and without the password in the URL of its broker. */
export function withoutStart(command: readonly string[]): string[] {
  const isDropped = (at: number): boolean =>
    DROPPED.has(command[at]!) || /^--broker=/.test(command[at]!) || WITH_VALUE.has(command[at - 1] ?? "");
  return command.filter((argument, at) => !isDropped(at) && argument !== "--resume");
}
