import { Command, CommanderError } from "commander";
import { batchCommand } from "./batch.ts";
import { CliError, EXIT, oneLine } from "./cli-error.ts";
import { coldStartCommand } from "./coldstart.ts";
import { doctorCommand } from "./doctor.ts";
import { explainCommand } from "./explain.ts";
import { mergeCommand } from "./merge.ts";
import { readVersion, startIn } from "./paths.ts";
import { reportCommand } from "./report.ts";
import { runsCommands } from "./runs.ts";
import { serveCommand } from "./serve.ts";
import { workerCommand } from "./worker.ts";

/**
 * Runs the command line. What a subcommand needs is loaded only when it runs, so that `--help` answers at once.
 *
 * @param args The arguments after the name of the command.
 * @returns The exit code.
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  startIn(process.cwd());
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
  batchCommand(program, args, onExit);
  coldStartCommand(program, onExit);
  explainCommand(program, onExit);
  doctorCommand(program, onExit);
  serveCommand(program, args, onExit);
  workerCommand(program, onExit);
  runsCommands(program, onExit);
  reportCommand(program, onExit);
  mergeCommand(program, onExit);
  return program;
}

/** The text of `runlane --help` below the commands. */
const MAIN_HELP = `
A pipeline is a module whose default export is a runnable, a function or a LangChain runnable:

  import { RunnableLambda } from "runlane";
  export default RunnableLambda.from((text: string) => text.split(" ")).pipe((words) => words.length);

Examples:
  $ runlane batch pipeline.ts --input lines.txt --output counts.jsonl
  $ runlane explain pipeline.ts --input lines.txt
  $ runlane doctor pipeline.ts --input lines.txt
  $ runlane coldstart pipeline.ts --input '"to be or not to be"'
  $ runlane serve pipeline.ts
  $ runlane report run.json
  $ runlane help batch
`;
