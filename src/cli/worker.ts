import { type Command, Option } from "commander";
import { PIPELINE_LANES, type PipelineLane, positiveInteger } from "./options.ts";

/** `runlane worker`, as the command line asks for it, checked as far as one option can be checked alone. */
export interface WorkerOptions {
  /** The modules of the pipelines. */
  readonly pipelines: readonly string[];
  readonly broker?: string | undefined;
  /** The number of chunks that are run at the same time. */
  readonly concurrency?: number | undefined;
  /** The lane of the pipelines, whatever lanes their steps have. */
  readonly lane: PipelineLane;
  /** Whether everything that the pipelines use is loaded before the first chunk. */
  readonly warm: boolean;
  /** The folders with the files that batches may refer to. */
  readonly root?: readonly string[] | undefined;
  /** Where figures for autoscalers are served. */
  readonly metricsPort?: number | undefined;
}

/** The text of `runlane help worker` below the options. */
const WORKER_HELP = `
What it does:
  It takes chunks of inputs from the broker and runs them, as long as it lives. The inputs come
  from "runlane batch --lane cluster" and from programs with the lane cluster(). Code does not
  travel: all machines have the same files, and the queue's name holds a digest of them, so that
  nobody runs what somebody else means by the name of a pipeline.
  The broker is --broker, or the variable RUNLANE_BROKER, or else a PostgreSQL from npm that is
  started in the folder of the project.

Files on shared storage:
  A batch with --by-reference sends paths and places in files, and no contents. Workers read
  nothing by that but what lies in a --root: a path is looked for there as the batch sees it
  from its working folder, and may lead out of it neither by .. nor by a link.

How it ends:
  SIGTERM and Ctrl-C: it finishes what it has in hand, takes nothing new, and ends with 0. A
  second signal ends it at once. What a worker had in hand that was killed runs elsewhere ten
  seconds later.

Examples:
  On each machine:
    $ runlane worker classify.ts --broker redis://queue:6379 --warm
  And on any of them:
    $ runlane batch classify.ts --input texts.txt --output labels.jsonl --lane cluster --broker redis://queue:6379
`;

/** Adds `runlane worker`. @param onExit Is told the exit code. */
export function workerCommand(program: Command, onExit: (code: number) => void): void {
  program
    .command("worker")
    .helpOption("-h, --help", "print this help")
    .summary("run chunks of inputs for batches on other machines")
    .description("Takes inputs of pipelines from a broker and runs them.")
    .usage("<pipeline...> [options]")
    .argument("<pipeline...>", "the pipelines' modules, .ts or .js")
    .option("--broker <url>", "where work is handed out: redis://, postgres:// or embedded: (default: RUNLANE_BROKER)")
    .option("-c, --concurrency <count>", "run so many chunks at a time (default: cores + 1)", positiveInteger)
    .addOption(new Option("--lane <lane>", "run the pipelines there").choices(PIPELINE_LANES).default("thread"))
    .option("--warm", "load everything that the pipelines use before the first chunk")
    .option("--root <folder...>", "read the files in here, and nowhere else, for batches with --by-reference")
    .option("--metrics-port <port>", "serve /metrics and /hints, for Prometheus and autoscalers", positiveInteger)
    .addHelpText("after", WORKER_HELP)
    .action(async (pipelines: string[], parsed: Omit<WorkerOptions, "pipelines">) => {
      const { runWorker } = await import("./cluster/run-worker.ts");
      onExit(await runWorker({ ...parsed, warm: parsed.warm ?? false, pipelines }));
    });
}
