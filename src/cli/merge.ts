import type { Command } from "commander";
import { once } from "./options.ts";

/** `runlane merge`, as the command line asks for it. */
export interface MergeOptions {
  /** The output files of the parts, in the order of their inputs. */
  readonly parts: readonly string[];
  readonly output: string;
  readonly errors?: string | undefined;
  readonly overwrite: boolean;
}

/** The text of `runlane help merge` below the options. */
const MERGE_HELP = `
What it does:
  It joins the records of several runs whose inputs are parts of one, in the order in which they
  are named. The indices of a part begin with 0, and go on where the part before it ends. Failed
  inputs are taken from the errors file beside each part. A part in which an input has no record,
  or two, is refused, and nothing is left of the output.

Example:
  A file with more lines than one producer can hand out:
    $ split --number l/2 texts.txt part-
    $ runlane batch stem.ts -i part-aa -o aa.jsonl --lane cluster --broker redis://one &
    $ runlane batch stem.ts -i part-ab -o ab.jsonl --lane cluster --broker redis://two; wait
    $ runlane merge aa.jsonl ab.jsonl -o stems.jsonl
`;

/** Adds `runlane merge`. @param onExit Is told the exit code. */
export function mergeCommand(program: Command, onExit: (code: number) => void): void {
  program
    .command("merge")
    .helpOption("-h, --help", "print this help")
    .summary("join the outputs of several batches")
    .description("Joins the outputs of batches over the parts of an input into the output of one batch.")
    .usage("<outputs...> -o <file> [options]")
    .argument("<outputs...>", "the output files of the parts, in the order of their inputs")
    .requiredOption("-o, --output <file>", "write the records to a file", once)
    .option("--errors <file>", "write failed inputs to a file (default: beside the output)", once)
    .option("--overwrite", "replace the records that are there")
    .addHelpText("after", MERGE_HELP)
    .action(async (parts: string[], parsed: Omit<MergeOptions, "parts">) => {
      const { runMerge } = await import("./merge/run-merge.ts");
      onExit(await runMerge({ ...parsed, overwrite: parsed.overwrite ?? false, parts }));
    });
}
