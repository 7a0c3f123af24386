import type { Sink } from "./sink.ts";

const FLUSH_CHARACTERS = 256 * 1024;

/**
 * Writes the records of both files in large pieces, each file in the order of the indices.
 *
 * Collected records go into one file after the other. A process that dies between the two leaves gaps in the one
 * that is ahead, no further back than what one flush writes; `--resume` finds them and goes on at the first one.
 */
export class RecordWriter {
  private readonly outputSink: Sink;
  private readonly errorSink: Sink;
  private outputText = "";
  private errorsText = "";
  private writing: Promise<void> | undefined;
  private failure: { readonly error: unknown } | undefined;

  constructor(output: Sink, errors: Sink) {
    this.outputSink = output;
    this.errorSink = errors;
  }

  /** Adds the record of an output. A promise that it returns has to be waited for: the reader is slower than the pipeline. */
  output(line: string): void | Promise<void> {
    this.outputText += line;
    if (this.outputText.length >= FLUSH_CHARACTERS) return this.flush();
  }

  /** Adds the record of a failed input. */
  error(line: string): void | Promise<void> {
    this.errorsText += line;
    if (this.errorsText.length >= FLUSH_CHARACTERS) return this.flush();
  }

  /**
   * Writes the collected records, synchronously where the sinks are synchronous. Once a write has failed nothing more is
   * written, since that would leave a gap: every further call throws what the write threw.
   */
  flush(): void | Promise<void> {
    if (this.writing !== undefined) return this.writing.then(() => this.flush());
    if (this.failure !== undefined) throw this.failure.error;
    const errors = this.errorsText;
    this.errorsText = "";
    if (errors !== "" && this.writeText(this.errorSink, errors)) return this.flush();
    const output = this.outputText;
    this.outputText = "";
    if (output !== "" && this.writeText(this.outputSink, output)) return this.flush();
  }

  /** Resolves when the written records outlast a power cut, where the sinks can tell. */
  async sync(): Promise<void> {
    await Promise.all([this.errorSink.sync?.(), this.outputSink.sync?.()]);
  }

  /** Writes the collected records and closes the sinks. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      this.outputSink.close();
      this.errorSink.close();
    }
  }

  /** @returns Whether it goes on writing. */
  private writeText(sink: Sink, text: string): boolean {
    try {
      const result = sink.write(text);
      if (result === undefined) return false;
      this.writing = result.then(
        () => {
          this.writing = undefined;
        },
        (error) => {
          this.writing = undefined;
          this.failure = { error };
        },
      );
      return true;
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }
}
