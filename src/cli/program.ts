import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { BATCH_HELP, MAIN_HELP } from "./batch-help.ts";
import { CliError, EXIT, oneLine } from "./cli-error.ts";
import type { ColdStartOptions } from "./coldstart/options.ts";
import { COLDSTART_HELP } from "./coldstart-help.ts";
import type { ExplainOptions } from "./explain/options.ts";
import { EXPLAIN_HELP } from "./explain-help.ts";
import { FORMATS } from "./input/format.ts";
import { PIPELINE_LANES } from "./pipeline/lanes.ts";
import type { BatchOptions } from "./run/batch-options.ts";
import { readVersion } from "./version.ts";

/**
 * Runs the command line. What a subcommand needs is loaded only when it runs, so that `--help` answers at once.
 *
 * @param args The arguments after the name of the command.
 * @returns The exit code.
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = createProgram(args, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has said what is wrong, or has shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.cannotRun;
    const text =
      error instanceof CliError ? error.message : `this is a defect of Runlane: ${(error as Error).stack ?? error}`;
    process.stderr.write(`runlane: ${text}\n`);
    return EXIT.cannotRun;
  }
}

function createProgram(args: readonly string[], onExit: (code: number) => void): Command {
  const program = new Command("runlane")
    .description("Runs LCEL pipelines (LangChain Expression Language) from the command line.")
    .version(readVersion(), "-v, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .configureOutput({ outputError: (text, write) => write(`${oneLine(text.replace(/^error: /, "runlane: "))}\n`) })
    .exitOverride()
    .addHelpText("after", MAIN_HELP);
  batchCommand(program).action(async (pipeline: string, parsed: Partial<BatchOptions>) => {
    const { runBatch } = await import("./run/run-batch.ts");
    const { resume = false, overwrite = false, quiet = false, warm = false } = parsed;
    const output = parsed.output === "-" ? undefined : parsed.output;
    onExit(await runBatch({ ...parsed, output, resume, overwrite, quiet, warm, pipeline, argv: args }));
  });
  coldStartCommand(program).action(async (pipeline: string, parsed: Omit<ColdStartOptions, "pipeline">) => {
    const { runColdStart } = await import("./coldstart/run-coldstart.ts");
    onExit(await runColdStart({ ...parsed, json: parsed.json ?? false, pipeline }));
  });
  explainCommand(program).action(async (pipeline: string, parsed: Omit<ExplainOptions, "pipeline">) => {
    const { runExplain } = await import("./explain/run-explain.ts");
    onExit(await runExplain({ ...parsed, json: parsed.json ?? false, pipeline }));
  });
  return program;
}

/** A command that does something with a pipeline. */
function pipelineCommand(program: Command, name: string): Command {
  return program
    .command(name)
    .helpOption("-h, --help", "print this help")
    .usage("<pipeline> [options]")
    .argument("<pipeline>", "the pipeline's module, .ts or .js");
}

function batchCommand(program: Command): Command {
  return pipelineCommand(program, "batch")
    .summary("run a pipeline over many inputs")
    .description("Runs a pipeline over every line of a file, or over every file that matches a pattern.")
    .usage("<pipeline> (--input <file> | --files <glob...>) [options]")
    .optionsGroup("Input:")
    .option("-i, --input <file>", "read inputs from the lines of a file; - for standard input")
    .option("-f, --files <glob...>", "make every matching file an input: its path")
    .addOption(new Option("--format <format>", "read lines as this, whatever the file is called").choices(FORMATS))
    .option("--limit <count>", "run the first inputs of the source only", positiveInteger)
    .optionsGroup("Output:")
    .option("-o, --output <file>", "write records to a file (default: standard output)")
    .option("--errors <file>", "write failed inputs to a file (default: beside the output)")
    .option("--report <file>", "write totals and times per step to a file, as JSON")
    .option("--resume", "continue a run that was cut off, where its records end")
    .addOption(new Option("--overwrite", "replace the records that are there").conflicts("resume"))
    .optionsGroup("Run:")
    .option("-c, --concurrency <count>", "have at most this many inputs in flight (default: 64)", positiveInteger)
    .addOption(new Option("--lane <lane>", "run the whole pipeline there, whatever it says").choices(PIPELINE_LANES))
    .option("--warm", "load everything that the pipeline uses, on every worker, before the first input")
    .option("-q, --quiet", "show neither progress nor what each step did")
    .addHelpText("after", BATCH_HELP);
}

function coldStartCommand(program: Command): Command {
  return pipelineCommand(program, "coldstart")
    .summary("measure where the time goes until the first output")
    .description("Starts a pipeline in fresh processes, and shows where the time goes until its first output.")
    .option("--export <name>", "measure this export of the module", "default")
    .option("-i, --input <json>", "the input of the first call, as JSON (default: null)")
    .option("-r, --runs <count>", "start this many processes, and show medians", positiveInteger, 5)
    .option("--budget <ms>", "exit with 1 when the first output takes longer", milliseconds)
    .option("--timeout <ms>", "give up a process after this", milliseconds, 60_000)
    .option("--json", "write the result as JSON")
    .addHelpText("after", COLDSTART_HELP);
}

function explainCommand(program: Command): Command {
  return pipelineCommand(program, "explain")
    .summary("show where each step runs, and why")
    .description("Shows how a pipeline runs a batch: its steps, in stages, each with its lane and the reason for it.")
    .option("--export <name>", "explain this export of the module", "default")
    .option("-i, --input <file>", "run the lines of a file and measure each step; - for standard input")
    .addOption(new Option("--format <format>", "read lines as this, whatever the file is called").choices(FORMATS))
    .option("--limit <count>", "run the first inputs of the file only", positiveInteger, 1000)
    .addOption(new Option("--lane <lane>", "run the whole pipeline there, whatever it says").choices(PIPELINE_LANES))
    .option("--json", "write the plan as JSON")
    .addHelpText("after", EXPLAIN_HELP);
}

function milliseconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0) || !Number.isFinite(value)) {
    throw new InvalidArgumentError("It must be a number of milliseconds above 0.");
  }
  return value;
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError("It must be a whole number from 1 up.");
  }
  return value;
}
