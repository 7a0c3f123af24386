import { type Command, Option } from "commander";
import {
  BIG_INTEGERS,
  type BigIntegers,
  delimiter,
  FORMATS,
  type Format,
  PIPELINE_LANES,
  type PipelineLane,
  pipelineCommand,
  positiveInteger,
} from "./options.ts";

/** `runlane explain`, as the command line asks for it, checked as far as one option can be checked alone. */
export interface ExplainOptions {
  /** The pipeline's module. */
  readonly pipeline: string;
  /** The name of its export. */
  readonly export: string;
  /** A file, or `-` for standard input; without it nothing is run. */
  readonly input?: string | undefined;
  /** The format of the lines, whatever the file is called. */
  readonly format?: Format | undefined;
  /** The delimiter between two fields of a CSV record. */
  readonly delimiter?: string | undefined;
  /** How integers in JSON are read that a number cannot hold. */
  readonly bigIntegers?: BigIntegers | undefined;
  /** The number of inputs that are run at most. */
  readonly limit: number;
  /** The lane of the whole pipeline, whatever lanes its steps have. */
  readonly lane?: PipelineLane | undefined;
  readonly json: boolean;
}

/** The text of `runlane help explain` below the options. */
const EXPLAIN_HELP = `
What is shown:
  One line per step: its stage, its lane, how many inputs travel together (chunk), and why it
  runs there. Steps of one stage run together; a fused stage is one hop for several steps.
  With --input, the inputs are run and each step gets its figures: inputs, failures, how long
  one input takes (p50, p99), and its share of the time of all steps. Nothing is written.

Examples:
  See where the steps of a pipeline run, and why:
    $ runlane explain classify.ts
  Run its first 500 rows, and see what each step takes:
    $ runlane explain classify.ts --input orders.csv --limit 500
  See whether a lane pays:
    $ runlane explain classify.ts --input orders.csv --lane thread
`;

/** Adds `runlane explain`. @param onExit Is told the exit code. */
export function explainCommand(program: Command, onExit: (code: number) => void): void {
  pipelineCommand(program, "explain")
    .summary("show where each step runs, and why")
    .description("Shows how a pipeline runs a batch: its steps, in stages, each with its lane and the reason for it.")
    .option("--export <name>", "explain this export of the module", "default")
    .option("-i, --input <file>", "run the lines of a file and measure each step; - for standard input")
    .addOption(new Option("--format <format>", "read lines as this, whatever the file is called").choices(FORMATS))
    .option("--delimiter <text>", "what stands between two fields of CSV (default: a comma)", delimiter)
    .addOption(
      new Option(
        "--big-integers <how>",
        "JSON integers that a number cannot hold: fail (default), read as text, round",
      ).choices(BIG_INTEGERS),
    )
    .option("--limit <count>", "run the first inputs of the file only", positiveInteger, 1000)
    .addOption(new Option("--lane <lane>", "run the whole pipeline there, whatever it says").choices(PIPELINE_LANES))
    .option("--json", "write the plan as JSON")
    .addHelpText("after", EXPLAIN_HELP)
    .action(async (pipeline: string, parsed: Omit<ExplainOptions, "pipeline">) => {
      const { runExplain } = await import("./explain/run-explain.ts");
      onExit(await runExplain({ ...parsed, json: parsed.json ?? false, pipeline }));
    });
}
