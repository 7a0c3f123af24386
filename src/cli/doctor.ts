import { type Command, InvalidArgumentError, Option } from "commander";
import { FORMATS, type Format, pipelineCommand, positiveInteger } from "./options.ts";

/** `runlane doctor`, as the command line asks for it, checked as far as one option can be checked alone. */
export interface DoctorOptions {
  /** The pipeline's module. */
  readonly pipeline: string;
  /** The name of its export. */
  readonly export: string;
  /** A file, or `-` for standard input. Either this or `files` is set. */
  readonly input?: string | undefined;
  /** Patterns; every file that matches is an input. */
  readonly files?: readonly string[] | undefined;
  /** The format of the lines, whatever the file is called. */
  readonly format?: Format | undefined;
  /** The number of inputs that the sample has at most. */
  readonly limit: number;
  /** The number of inputs that may be in flight at once. */
  readonly concurrency: number;
  /** The time that all of it may take, in seconds. */
  readonly budget: number;
  /** `all`, `keys`, `none`, or a module whose default export compares two outputs. */
  readonly compare: string;
  /** Whether the sample is run only once. */
  readonly once: boolean;
  /** Whether a finding that is proved above the threshold makes the command fail. */
  readonly ci: boolean;
  readonly threshold: number;
  readonly json: boolean;
  /** Whether the best fix is made in the source, after a yes. */
  readonly fix: boolean;
  /** Whether the yes is given already. */
  readonly yes: boolean;
}

/** The text of `runlane help doctor` below the options. */
const DOCTOR_HELP = `
What is done:
  The first inputs are run with measurement on; then each fix that can be applied is, and the
  inputs are run with it and without it, in turns. A fix is proved when it is better by more
  than a tenth with 97.5 % confidence, and gives the same outputs.

  --fix shows the best fix that is proved as a change of the source, and makes it after a yes. The
  changed source is measured again, against the source as it was; what is not proved again is taken
  back.

  The inputs are run many times. For a pipeline with side effects there is --once.

Examples:
  See what is slow in a pipeline, and what helps:
    $ runlane doctor classify.ts --input orders.csv
  Outputs that differ from run to run, a time or an id for example:
    $ runlane doctor classify.ts --input orders.csv --compare keys
  Make the change that gains the most:
    $ runlane doctor classify.ts --input orders.csv --fix
  Fail where something could be 1.5 times as good:
    $ runlane doctor classify.ts --input orders.csv --ci --threshold 1.5
`;

/** Adds `runlane doctor`. @param onExit Is told the exit code. */
export function doctorCommand(program: Command, onExit: (code: number) => void): void {
  pipelineCommand(program, "doctor")
    .summary("find what is slow, and prove what helps")
    .description("Finds what is slow in a pipeline, and proves on a sample of its inputs what would help.")
    .usage("<pipeline> (--input <file> | --files <glob...>) [options]")
    .option("--export <name>", "examine this export of the module", "default")
    .option("-i, --input <file>", "take the sample from the lines of a file; - for standard input")
    .option("-f, --files <glob...>", "take the sample from the paths of matching files")
    .addOption(new Option("--format <format>", "read lines as this, whatever the file is called").choices(FORMATS))
    .option("--limit <count>", "take this many inputs at most", positiveInteger, 200)
    .option("-c, --concurrency <count>", "have at most this many inputs in flight", positiveInteger, 64)
    .option("--budget <seconds>", "take no longer than this", aboveZero, 45)
    .option("--compare <how>", "compare outputs: all, keys, none, or by a module", "all")
    .option("--once", "run nothing a second time, and prove nothing")
    .option("--ci", "exit with 1 when a finding is proved above the threshold")
    .option("--threshold <ratio>", "how many times as good, for --ci", aboveZero, 1.3)
    .option("--json", "write the findings as JSON")
    .option("--fix", "make the best fix in the source, after a yes")
    .option("--yes", "with --fix: do not ask")
    .addHelpText("after", DOCTOR_HELP)
    .action(async (pipeline: string, parsed: Omit<DoctorOptions, "pipeline">) => {
      const { runDoctor } = await import("./doctor/run-doctor.ts");
      const { once = false, ci = false, json = false, fix = false, yes = false } = parsed;
      onExit(await runDoctor({ ...parsed, once, ci, json, fix, yes, pipeline }));
    });
}

/** Parses an option that is a number above 0. */
function aboveZero(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0) || !Number.isFinite(value))
    throw new InvalidArgumentError("It must be a number above 0.");
  return value;
}
