import type { Command } from "commander";

/** The text of `runlane help runs` below the options. */
const RUNS_HELP = `
Examples:
  What is going on, and who works on it:
    $ runlane runs --broker redis://queue:6379
  For a program that starts and stops machines:
    $ runlane runs --json | jq '.queues[] | {queue, waiting, workers, expectedSeconds}'
`;

const BROKER = ["--broker <url>", "the broker (default: RUNLANE_BROKER, or embedded:)"] as const;

/** Adds `runlane runs` and `runlane cancel`. @param onExit Is told the exit code. */
export function runsCommands(program: Command, onExit: (code: number) => void): void {
  program
    .command("runs")
    .helpOption("-h, --help", "print this help")
    .summary("list the runs of a broker, and its workers")
    .description("Lists the runs that a broker knows, what is left of each, and who works on it.")
    .option(...BROKER)
    .option("--json", "print it as JSON")
    .addHelpText("after", RUNS_HELP)
    .action(async ({ broker, json = false }: { broker?: string; json?: boolean }) => {
      const { listRuns } = await import("./cluster/list-runs.ts");
      onExit(await listRuns(broker, json));
    });
  program
    .command("cancel")
    .helpOption("-h, --help", "print this help")
    .summary("cancel a run on all workers")
    .description("Takes back what waits, and stops what runs, on all workers.")
    .argument("<run>", "the run, as runlane runs calls it")
    .option(...BROKER)
    .action(async (run: string, { broker }: { broker?: string }) => {
      const { cancelRun } = await import("./cluster/list-runs.ts");
      onExit(await cancelRun(run, broker));
    });
}
