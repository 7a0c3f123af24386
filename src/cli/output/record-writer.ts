import type { Sink } from "./sink.ts";

const FLUSH_CHARACTERS = 256 * 1024;

/**
 * Writes the records of both files in the order of their indices, in large pieces.
 *
 * The order across the two files is what makes `--resume` exact. Records for one file are collected only until one comes for
 * the other, and pieces are written one after the other. So whenever the process dies, the records on disk are those of the
 * first n inputs, and at most the one written last is torn.
 */
export class RecordWriter {
  readonly #output: Sink;
  readonly #errors: Sink;
  /** Pieces that wait to be written, oldest first; neighbours go to different sinks. */
  #pieces: { readonly sink: Sink; text: string }[] = [];
  #characters = 0;
  #writing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(output: Sink, errors: Sink) {
    this.#output = output;
    this.#errors = errors;
  }

  /** Adds the record of an output. A promise that it returns has to be waited for: the reader is slower than the pipeline. */
  output(line: string): void | Promise<void> {
    return this.#add(this.#output, line);
  }

  /** Adds the record of a failed input. */
  error(line: string): void | Promise<void> {
    return this.#add(this.#errors, line);
  }

  /**
   * Writes what has been collected, synchronously where the sinks are synchronous. Once a write has failed nothing more is
   * written, since that would leave a gap: every further call throws what the write threw.
   */
  flush(): void | Promise<void> {
    if (this.#writing !== undefined) return this.#writing.then(() => this.flush());
    if (this.#failure !== undefined) throw this.#failure.error;
    for (let piece = this.#pieces.shift(); piece !== undefined; piece = this.#pieces.shift()) {
      this.#characters -= piece.text.length;
      const writing = this.#write(piece.sink, piece.text);
      if (writing !== undefined) return this.flush();
    }
  }

  /** Writes what has been collected and closes the sinks. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      this.#output.close();
      this.#errors.close();
    }
  }

  #add(sink: Sink, line: string): void | Promise<void> {
    const last = this.#pieces.at(-1);
    if (last?.sink === sink) last.text += line;
    else this.#pieces.push({ sink, text: line });
    this.#characters += line.length;
    if (this.#characters >= FLUSH_CHARACTERS) return this.flush();
  }

  #write(sink: Sink, text: string): Promise<void> | undefined {
    try {
      const result = sink.write(text);
      if (result === undefined) return undefined;
      this.#writing = result.then(
        () => {
          this.#writing = undefined;
        },
        (error) => {
          this.#writing = undefined;
          this.#failure = { error };
        },
      );
      return this.#writing;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}
