import { type Command, Option } from "commander";
import {
  BATCH_LANES,
  BIG_INTEGERS,
  type BigIntegers,
  delimiter,
  FORMATS,
  type Format,
  once,
  pipelineCommand,
  portNumber,
  positiveInteger,
  watchTime,
} from "./options.ts";

/** `runlane batch`, as the command line asks for it, checked as far as one option can be checked alone. */
export interface BatchOptions {
  /** The pipeline's module. */
  readonly pipeline: string;
  /** A file, or `-` for standard input. Either this or `files` is set. */
  readonly input?: string | undefined;
  /** Patterns; every file that matches is an input. */
  readonly files?: readonly string[] | undefined;
  /** The format of the lines, whatever the file is called. */
  readonly format?: Format | undefined;
  /** The delimiter between two fields of a CSV record. */
  readonly delimiter?: string | undefined;
  /** How integers in JSON are read that a number cannot hold. */
  readonly bigIntegers?: BigIntegers | undefined;
  readonly output?: string | undefined;
  readonly errors?: string | undefined;
  readonly report?: string | undefined;
  /** The number of inputs that may be in flight at once. */
  readonly concurrency?: number | undefined;
  /** The number of inputs of the source that are run at most, those of earlier runs included. */
  readonly limit?: number | undefined;
  /** The lane of the whole pipeline, whatever lanes its steps have. */
  readonly lane?: (typeof BATCH_LANES)[number] | undefined;
  /** The URL of the broker, for the lane `cluster`. */
  readonly broker?: string | undefined;
  /** Whether the command ends when the broker has all inputs. */
  readonly detach?: boolean | undefined;
  /** On a cluster: whether inputs that take long are run a second time elsewhere, near the end. */
  readonly speculate?: boolean | undefined;
  /** On a cluster: whether workers read the files themselves, and get nothing but references to inputs. */
  readonly byReference?: boolean | undefined;
  /** Whether everything is loaded before the first input. */
  readonly warm: boolean;
  readonly resume: boolean;
  readonly overwrite: boolean;
  /** Whether a run is resumed even where that seems wrong. */
  readonly force?: boolean | undefined;
  readonly quiet: boolean;
  /** Whether spans and metrics go to where the variables `OTEL_*` say. */
  readonly otel: boolean;
  /** The time in milliseconds after which somebody who holds the event loop is reported; `true` for the usual time. */
  readonly watch?: number | true | undefined;
  /** The port of a page that shows the run; `true` for any. */
  readonly inspect?: number | true | undefined;
  /** Whether the page and the report show inputs and outputs. */
  readonly inspectValues?: boolean | undefined;
  /** The arguments of the command, from which the command that continues the run is made. */
  readonly argv: readonly string[];
}

/** The text of `runlane help batch` below the options. */
const BATCH_HELP = `
Inputs:
  --input reads one input per line: .jsonl and .ndjson hold JSON values, .csv has a header
  and one object per row, anything else is text, one string per line. A dash reads standard
  input, as JSONL unless --format says otherwise.
  --files makes every matching file an input: its path. Patterns go in quotes.

Records:
  The output has one JSON record per input, in the order of the inputs:
    {"index":0,"output":...}
  Inputs that fail do not stop the run. They go to the errors file, with the step, the error
  and the input; it lies beside the output (out.errors.jsonl for out.jsonl).

Lanes:
  --lane thread runs the whole pipeline in worker threads, --lane process in child processes;
  each imports the module itself. --lane loop runs it on the event loop, with all of its steps.
  --lane auto moves it to threads when it turns out to be slow, if it does the same there.
  --lane cluster hands it to whoever runs "runlane worker" with the same pipeline and broker.

What it shows:
  In the end: where each step ran, why there, and what it took; how often each resource was
  loaded; the totals. --warm loads all resources on every worker before the first input.

Exit codes:
  0 all inputs are done, 1 some have failed, 2 the run could not start or go on,
  130 stopped by Ctrl-C, 143 by SIGTERM. A stopped run says how to resume it.

Examples:
  Run a pipeline over a file, then look at what failed:
    $ runlane batch classify.ts --input reviews.jsonl --output labels.jsonl
    $ cat labels.errors.jsonl
  Run it over files, eight at a time:
    $ runlane batch summarize.ts --files "docs/**/*.md" --output out.jsonl --concurrency 8
  In a shell pipeline:
    $ zcat log.jsonl.gz | runlane batch parse.js --input - --quiet | jq .output
  On all cores, for a pipeline that computes:
    $ runlane batch stem.ts --input texts.txt --output stems.jsonl --lane thread
  On all machines where "runlane worker stem.ts --broker redis://queue" runs:
    $ runlane batch stem.ts -i texts.txt -o out.jsonl --lane cluster --broker redis://queue
  Try it on the first ten rows, then run the rest:
    $ runlane batch enrich.ts --input orders.csv --output out.jsonl --limit 10
    $ runlane batch enrich.ts --input orders.csv --output out.jsonl --resume
`;

/** Adds `runlane batch`. @param onExit Is told the exit code. */
export function batchCommand(program: Command, args: readonly string[], onExit: (code: number) => void): void {
  let argv = args;
  pipelineCommand(program, "batch", "[pipeline]")
    .summary("run a pipeline over many inputs")
    .description("Runs a pipeline over every line of a file, or over every file that matches a pattern.")
    .usage("<pipeline> (--input <file> | --files <glob...>) [options]")
    .optionsGroup("Input:")
    .option("-i, --input <file>", "read inputs from the lines of a file; - for standard input", once)
    .option("-f, --files <glob...>", "make every matching file an input: its path")
    .addOption(new Option("--format <format>", "read lines as this, whatever the file is called").choices(FORMATS))
    .option("--delimiter <text>", "what stands between two fields of CSV (default: a comma)", delimiter)
    .addOption(
      new Option(
        "--big-integers <how>",
        "JSON integers that a number cannot hold: fail (default), read as text, round",
      ).choices(BIG_INTEGERS),
    )
    .option("--limit <count>", "run the first inputs of the source only", positiveInteger)
    .optionsGroup("Output:")
    .option("-o, --output <file>", "write records to a file (default: standard output)", once)
    .option("--errors <file>", "write failed inputs to a file (default: beside the output)", once)
    .option("--report <file>", "write what was measured to a file: as JSON, or as a page if it ends with .html", once)
    .option("--resume", "continue a run that was cut off, where its records end")
    .option("--force", "with --resume: go on although input, pipeline or options differ, or records get lost")
    .addOption(new Option("--overwrite", "replace the records that are there").conflicts("resume"))
    .optionsGroup("Run:")
    .option("-c, --concurrency <count>", "have at most this many inputs in flight (default: 64)", positiveInteger)
    .addOption(new Option("--lane <lane>", "run the whole pipeline there, whatever it says").choices(BATCH_LANES))
    .option(
      "--broker <url>",
      "with --lane cluster: where work is handed out (default: RUNLANE_BROKER, or embedded:)",
      once,
    )
    .addOption(new Option("--detach", "with --lane cluster: end when the broker has all inputs").conflicts("watch"))
    .option("--speculate", "with --lane cluster: run what takes long a second time elsewhere, near the end")
    .option("--by-reference", "with --lane cluster: workers read the files of the inputs themselves, see worker --root")
    .option("--attach <run>", "collect a run that was started with --detach; needs no other option", once)
    .option("--warm", "load everything that the pipeline uses, on every worker, before the first input")
    .option("--watch [ms]", "say which step holds the event loop for so long, while it does (default: 100)", watchTime)
    .option("--inspect [port]", "serve a page that shows the run, and print its link", portNumber)
    .option("--inspect-values", "show inputs and outputs there, and in a report: they may be secrets")
    .option("--otel", "send spans and metrics to where the OTEL_* variables say")
    .option("-q, --quiet", "show neither progress nor what each step did")
    .addHelpText("after", BATCH_HELP)
    .action(async (pipeline: string | undefined, parsed: Partial<BatchOptions> & { attach?: string }) => {
      if (parsed.attach !== undefined) {
        const { commandOf } = await import("./cluster/attach.ts");
        argv = await commandOf(parsed.attach, parsed.broker);
        await program.parseAsync([...argv], { from: "user" });
        return;
      }
      if (pipeline === undefined) return program.error("error: missing required argument 'pipeline'");
      const { runBatch } = await import("./run/run-batch.ts");
      const { resume = false, overwrite = false, quiet = false, warm = false, otel = false } = parsed;
      const output = parsed.output === "-" ? undefined : parsed.output;
      onExit(await runBatch({ ...parsed, output, resume, overwrite, quiet, warm, otel, pipeline, argv }));
    });
}
