import type { Destination } from "../output/destination.ts";
import type { BatchOptions } from "./batch-options.ts";

/** Tells how to go on with a run that ended early. */
export function howToResume(options: BatchOptions, destination: Pick<Destination, "output">): string {
  if (destination.output === undefined)
    return "The records went to standard output; only a run with --output can be resumed.";
  const stdin = options.input === "-" ? ", with the same standard input" : "";
  return `Continue${stdin}:\n  ${resumeCommand(options.argv)}`;
}

/** The command line that continues a run: the same one with `--resume`. */
export function resumeCommand(argv: readonly string[]): string {
  const kept = argv.filter((argument) => argument !== "--overwrite");
  const args = kept.includes("--resume") ? kept : [...kept, "--resume"];
  return ["runlane", ...args].map(quote).join(" ");
}

/** Quotes an argument for a POSIX shell, where it needs that. */
function quote(argument: string): string {
  if (/^[\w@%+=:,./-]+$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", "'\\''")}'`;
}
