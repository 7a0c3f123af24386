import { closeSync, constants, fdatasync, openSync, statSync, writeSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { childOutput } from "../../lanes/process/process-transport.ts";
import { CliError, systemCause, systemCode } from "../cli-error.ts";
import { displayName } from "../paths.ts";

/** A place to which records are written. */
export interface Sink {
  /** Writes text. A promise that it returns has to be waited for before more is written. */
  write(text: string): void | Promise<void>;
  /** Resolves when the disk has what was written. Sinks without one have no disk. */
  sync?(): Promise<void>;
  close(): void;
}

/** How a {@link FileSink} opens its file. */
export type OpenMode = "append" | "replace";

/**
 * A file, written synchronously: when `write` returns, the system has the text, and a process that is killed no longer matters.
 * It is opened by the first write, or by `open`.
 */
export class FileSink implements Sink {
  private readonly path: string;
  private readonly mode: OpenMode;
  private fd: number | undefined;

  constructor(path: string, mode: OpenMode) {
    this.path = path;
    this.mode = mode;
  }

  /** @throws CliError RUNLANE_CLI_OUTPUT */
  open(): number {
    try {
      this.fd ??= openSync(this.path, this.mode === "append" ? "a" : "w");
      return this.fd;
    } catch (error) {
      throw this.failure(error);
    }
  }

  write(text: string): void {
    const fd = this.open();
    const bytes = Buffer.from(text);
    try {
      // A nearly full disk takes a part of what it is given before it refuses the rest.
      for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
    } catch (error) {
      throw this.failure(error);
    }
  }

  async sync(): Promise<void> {
    const fd = this.fd;
    if (fd === undefined) return;
    await new Promise<void>((resolve, reject) =>
      fdatasync(fd, (error) => {
        // A pipe or a device has nothing to sync.
        if (error === null || systemCode(error) === "EINVAL") resolve();
        else reject(this.failure(error));
      }),
    );
  }

  close(): void {
    if (this.fd === undefined) return;
    closeSync(this.fd);
    this.fd = undefined;
  }

  private failure(error: unknown): CliError {
    return new CliError("RUNLANE_CLI_OUTPUT", `cannot write ${displayName(this.path)}: ${systemCause(error)}`, {
      cause: error,
    });
  }
}

const POLL_MS = 50;

/** Waits until a named pipe has a reader: opening it before would hold this thread, and no Ctrl-C would get through. */
export async function untilOpenable(path: string | undefined, signal: AbortSignal): Promise<void> {
  if (path === undefined || statSync(path, { throwIfNoEntry: false })?.isFIFO() !== true) return;
  while (!signal.aborted && !hasReader(path)) await setTimeout(POLL_MS);
}

function hasReader(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch (error) {
    if (systemCode(error) === "ENXIO") return false;
    throw new CliError("RUNLANE_CLI_OUTPUT", `cannot write ${displayName(path)}: ${systemCause(error)}`, {
      cause: error,
    });
  }
}

/** Thrown when the reader of standard output has gone, as `head` does: no failure, just the end. */
export class ReaderLeft extends Error {}

/**
 * Keeps standard output for the command: text that a pipeline prints goes to standard error from now on. Sinks that are
 * made before write where they did.
 *
 * @returns A function that ends that.
 */
export function reserveStdout(): () => void {
  const { stdout, stderr } = process;
  const { write } = stdout;
  stdout.write = stderr.write.bind(stderr) as typeof stdout.write;
  childOutput.fd = 2;
  return () => {
    stdout.write = write;
    childOutput.fd = 1;
  };
}

/** Standard output. A write waits until the reader has taken it, so a slow reader slows the run down. */
export class StdoutSink implements Sink {
  private readonly writeToStream: (text: string, written: (error?: Error | null) => void) => void;
  private error: unknown;

  constructor(stream: NodeJS.WritableStream = process.stdout) {
    this.writeToStream = stream.write.bind(stream);
    // A failed write is reported twice, to its callback and as an event; the event would end the process if nobody listened.
    stream.on("error", (error) => {
      this.error ??= error;
    });
  }

  write(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.error !== undefined) return reject(this.failure(this.error));
      this.writeToStream(text, (error) => (error ? reject(this.failure(error)) : resolve()));
    });
  }

  close(): void {}

  private failure(error: unknown): Error {
    if (systemCode(error) === "EPIPE" || systemCode(error) === "ERR_STREAM_DESTROYED") return new ReaderLeft();
    return new CliError("RUNLANE_CLI_OUTPUT", `cannot write to stdout: ${systemCause(error)}`, { cause: error });
  }
}
