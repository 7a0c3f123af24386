import type { Progress } from "./progress.ts";

/** What the command says on standard error, whether or not a progress display stands there. */
export class Messages {
  readonly #stderr: NodeJS.WritableStream;
  #progress: Progress | undefined;

  constructor(stderr: NodeJS.WritableStream = process.stderr) {
    this.#stderr = stderr;
  }

  /** Lets lines pass through a display from now on. */
  showProgress(progress: Progress): void {
    this.#progress = progress;
  }

  /** Ends the display. */
  endProgress(): void {
    this.#progress?.stop();
    this.#progress = undefined;
  }

  /** Prints lines as they are. */
  print(lines: string): void {
    if (this.#progress === undefined) this.#stderr.write(`${lines}\n`);
    else this.#progress.print(lines);
  }

  /** Prints a message, with the name of the command in front. */
  say(message: string): void {
    this.print(`runlane: ${message}`);
  }
}
