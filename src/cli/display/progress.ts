import type { ProgressMeter, ProgressState } from "../run/run-counts.ts";
import { formatCount, formatRate, formatRemaining } from "./format.ts";

/** Shows how far a run is, and lets other lines through. */
export interface Progress {
  /** Prints a line without tearing what is shown. */
  print(line: string): void;
  /** Ends the display. */
  stop(): void;
}

/** The options of the progress display. */
export interface ProgressOptions {
  readonly meter: ProgressMeter;
  readonly stderr: NodeJS.WriteStream;
  readonly quiet: boolean;
  /** Whether records scroll through the same terminal, where a bar would only be in their way. */
  readonly recordsOnTerminal: boolean;
}

/** Starts the display: a bar on a terminal, lines elsewhere, nothing with `--quiet`. */
export async function startProgress({ meter, stderr, quiet, recordsOnTerminal }: ProgressOptions): Promise<Progress> {
  if (quiet || recordsOnTerminal) return { print: (line) => void stderr.write(`${line}\n`), stop: () => {} };
  if (!stderr.isTTY) return startLines(meter, (line) => void stderr.write(`${line}\n`));
  const { startBar } = await import("./progress-bar.ts");
  return startBar(meter, stderr);
}

const FIRST_LINE_MS = 2000;
const LINE_MS = 5000;

/** A line now and then, for logs. The timer does not keep the process alive. */
export function startLines(meter: ProgressMeter, write: (line: string) => void): Progress {
  const show = () => write(`runlane: ${describeProgress(meter.state())}`);
  let timer = setTimeout(() => {
    show();
    timer = setInterval(show, LINE_MS).unref();
  }, FIRST_LINE_MS).unref();
  return { print: write, stop: () => clearTimeout(timer) };
}

/** The progress in words: `1,200 done (24%), 3 failed, 312/s, about 12 s left`. */
export function describeProgress(state: ProgressState): string {
  const { done, failed, perSecond, fraction, remainingMs } = state;
  const parts = [`${formatCount(done)} done${fraction === undefined ? "" : ` (${Math.floor(fraction * 100)}%)`}`];
  if (failed > 0) parts.push(`${formatCount(failed)} failed`);
  parts.push(formatRate(perSecond));
  if (remainingMs !== undefined) parts.push(`about ${formatRemaining(remainingMs)} left`);
  return parts.join(", ");
}

/** The messages of the command on standard error, whether or not a progress display stands there. */
export class Messages {
  private readonly stderr: NodeJS.WritableStream;
  private progress: Progress | undefined;

  constructor(stderr: NodeJS.WritableStream = process.stderr) {
    this.stderr = stderr;
  }

  /** Lets lines pass through a display from now on. */
  showProgress(progress: Progress): void {
    this.progress = progress;
  }

  /** Ends the display. */
  endProgress(): void {
    this.progress?.stop();
    this.progress = undefined;
  }

  /** Prints lines as they are. */
  print(lines: string): void {
    if (this.progress === undefined) this.stderr.write(`${lines}\n`);
    else this.progress.print(lines);
  }

  /** Prints a message, with the name of the command in front. */
  say(message: string): void {
    this.print(`runlane: ${message}`);
  }
}
