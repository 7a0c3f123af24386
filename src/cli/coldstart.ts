import type { Command } from "commander";
import { milliseconds, pipelineCommand, positiveInteger } from "./options.ts";
/** `runlane coldstart`, as the command line asks for it, checked as far as one option can be checked alone. */
export interface ColdStartOptions {
  /** The pipeline's module. */
  readonly pipeline: string;
  /** The name of its export. */
  readonly export: string;
  /** The number of processes that are started, one after the other. */
  readonly runs: number;
  /** The input of the first call, as JSON. */
  readonly input?: string | undefined;
  readonly json: boolean;
  /** The time of a start above which the command fails, in milliseconds. */
  readonly budget?: number | undefined;
  /** The time that one process may take, in milliseconds. */
  readonly timeout: number;
}

/** The text of `runlane help coldstart` below the options. */
const COLDSTART_HELP = `
What is measured:
  Each start is a process of its own, measured from its start to the output of the first call:
  Node itself, tsx (where Node needs it for TypeScript), imports, the start of the workers of
  the pipeline's lanes, resources, and the first call. Modules are measured in one more start,
  since measuring them takes time. "self" is a module alone, "total" also what it imports first.

Exit codes:
  0 measured, 1 over the budget, 2 the pipeline could not be started, or its first call failed.

Examples:
  See what a start costs:
    $ runlane coldstart classify.ts --input '{"text":"good"}'
  In CI, refuse what makes it slow:
    $ runlane coldstart classify.ts --input '{"text":"good"}' --budget 400
`;

/** Adds `runlane coldstart`. @param onExit Is told the exit code. */
export function coldStartCommand(program: Command, onExit: (code: number) => void): void {
  pipelineCommand(program, "coldstart")
    .summary("measure where the time goes until the first output")
    .description("Starts a pipeline in fresh processes, and shows where the time goes until its first output.")
    .option("--export <name>", "measure this export of the module", "default")
    .option("-i, --input <json>", "the input of the first call, as JSON (default: null)")
    .option("-r, --runs <count>", "start this many processes, and show medians", positiveInteger, 5)
    .option("--budget <ms>", "exit with 1 when the first output takes longer", milliseconds)
    .option("--timeout <ms>", "give up a process after this", milliseconds, 60_000)
    .option("--json", "write the result as JSON")
    .addHelpText("after", COLDSTART_HELP)
    .action(async (pipeline: string, parsed: Omit<ColdStartOptions, "pipeline">) => {
      const { runColdStart } = await import("./coldstart/run-coldstart.ts");
      onExit(await runColdStart({ ...parsed, json: parsed.json ?? false, pipeline }));
    });
}
