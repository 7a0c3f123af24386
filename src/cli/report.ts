import type { Command } from "commander";
import { once } from "./options.ts";

/** `runlane report`, as the command line asks for it. */
export interface ReportOptions {
  /** The path of a file that `runlane batch --report` has written. */
  readonly report: string;
  /** The page; beside the report unless set, `-` for standard output. */
  readonly output?: string | undefined;
  /** The path of a file that `runlane doctor --json` has written. */
  readonly findings?: string | undefined;
}

/** The text of `runlane help report` below the options. */
const REPORT_HELP = `
The page is one file that needs nothing else, no network either: send it to whoever should see it.
It shows no inputs and no outputs, unless the run was started with --inspect-values.

Examples:
  Make a page of a run:
    $ runlane batch classify.ts --input reviews.jsonl --output labels.jsonl --report run.json
    $ runlane report run.json
  With what the doctor has found:
    $ runlane doctor classify.ts --input reviews.jsonl --json > doctor.json
    $ runlane report run.json --findings doctor.json
`;

/** Adds `runlane report`. @param onExit Is told the exit code. */
export function reportCommand(program: Command, onExit: (code: number) => void): void {
  program
    .command("report")
    .helpOption("-h, --help", "print this help")
    .usage("<report> [options]")
    .argument("<report>", "what runlane batch --report has written, as JSON")
    .summary("make a page of a run's report")
    .description("Makes a page of the report of a run: how it went, step by step.")
    .option("-o, --output <file>", "write the page to a file (default: beside the report); - for standard output", once)
    .option("--findings <file>", "show what runlane doctor --json has found", once)
    .addHelpText("after", REPORT_HELP)
    .action(async (report: string, parsed: Omit<ReportOptions, "report">) => {
      const { runReport } = await import("./report/run-report.ts");
      onExit(runReport({ ...parsed, report }));
    });
}
