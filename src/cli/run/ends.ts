import { EXIT, messageOf, oneLine } from "../cli-error.ts";

/** The things to do when the process ends otherwise than by the command's own decision. */
export interface LastWords {
  /** Writes the collected records, synchronously. */
  flush(): void;
  /** Tells the user, with advice how to go on. */
  say(message: string): void;
  /** The phase in words: `while it was loaded`. Undefined when inputs run. */
  readonly doing?: string;
  /** The oldest input in flight, if there is one: `input 17 (orders.jsonl:18)`. */
  waitingFor?(): string | undefined;
}

/**
 * Sees to it that a pipeline cannot pass for done that throws where nobody catches, calls `process.exit`, or waits for something that will
 * never happen (Node then ends the process, as if all were well), while it is loaded or later; and that nothing that was
 * computed is lost.
 */
export class EndWatch {
  private words: LastWords;
  private readonly name: string;

  /** @param name The name of the pipeline in messages. */
  constructor(name: string, words: LastWords) {
    this.name = name;
    this.words = words;
    process.on("uncaughtException", this.onCrash).on("beforeExit", this.onStuck).on("exit", this.onExit);
  }

  /** Takes the words of another part of the run, which has begun. */
  enter(words: LastWords): void {
    this.words = words;
  }

  stop(): void {
    process.off("uncaughtException", this.onCrash).off("beforeExit", this.onStuck).off("exit", this.onExit);
  }

  private readonly onCrash = (error: unknown): void => {
    const { doing } = this.words;
    this.die(
      doing === undefined
        ? `an error escaped the pipeline, so no input can be blamed for it: ${crashText(error, true)}`
        : `an error escaped ${this.name} ${doing}: ${oneLine(crashText(error, false))}`,
    );
  };

  private readonly onStuck = (): void => {
    const { doing, waitingFor } = this.words;
    this.die(
      doing === undefined
        ? `the pipeline waits for something that can never happen: ${waitingFor?.() ?? "no input"} has not settled`
        : `${this.name} waits for something that can never happen, ${doing}`,
    );
  };

  private readonly onExit = (code: number): void => {
    flushQuietly(this.words);
    if (code === EXIT.interrupted || code === EXIT.terminated) return;
    const { doing } = this.words;
    this.words.say(
      doing === undefined
        ? `the pipeline ended the process with exit code ${code}`
        : `${this.name} ended the process with exit code ${code} ${doing}`,
    );
    process.exitCode = EXIT.cannotRun;
  };

  private die(message: string): void {
    this.stop();
    flushQuietly(this.words);
    this.words.say(message);
    process.exit(EXIT.cannotRun);
  }
}

/** The text of an error: with its stack where there is room for that, else its message. */
function crashText(error: unknown, withStack: boolean): string {
  if (withStack && error instanceof Error) return error.stack ?? error.message;
  const name = error instanceof Error && error.name !== "Error" ? `${error.name}: ` : "";
  return `${name}${messageOf(error)}`;
}

/** Writes the collected records, and ignores errors: the disk may be the reason for the end. */
function flushQuietly(words: LastWords): void {
  try {
    words.flush();
  } catch {
    // Records that could not be written are made again by the run that resumes.
  }
}

/** Words for what comes before the first input: there is nothing to write. */
export function earlyWords(doing: string): LastWords {
  return { doing, flush: () => {}, say: (message) => void process.stderr.write(`runlane: ${message}\n`) };
}
