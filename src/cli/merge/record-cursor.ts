import { CliError } from "../cli-error.ts";
import { type ByteStream, openFile } from "../input/byte-stream.ts";
import { LineSplitter } from "../input/line-splitter.ts";

/** A record starts with its index. */
const RECORD = /^\{"index":(\d{1,15})(,"(?:output|step)":.*\})$/s;

/** A record that was read: its index, and its line from behind that. */
export interface ReadRecord {
  readonly index: number;
  readonly rest: string;
}

/** Reads a file of records from its beginning. */
export class RecordCursor {
  /** The record that comes next; undefined at the end of the file. */
  current: ReadRecord | undefined;
  private readonly stream: ByteStream;
  private readonly chunks: AsyncGenerator<Buffer, void, undefined>;
  private readonly splitter: LineSplitter;
  private lines: readonly string[] = [];
  private at = 0;
  private isOver = false;

  /** @throws CliError RUNLANE_CLI_INPUT */
  constructor(path: string) {
    this.stream = openFile(path);
    this.chunks = this.stream.chunks();
    const refuse = (): never => {
      throw notRecord(this.name);
    };
    this.splitter = new LineSplitter({
      lines: (texts) => {
        this.lines = this.at < this.lines.length ? [...this.lines.slice(this.at), ...texts] : texts;
        this.at = 0;
      },
      notText: refuse,
      tooLong: refuse,
    });
  }

  get name(): string {
    return this.stream.name;
  }

  /** Goes on to the next record. @throws CliError RUNLANE_CLI_INPUT for a line that is none */
  async next(): Promise<void> {
    while (this.at === this.lines.length && !this.isOver) await this.read();
    const line = this.lines[this.at++];
    if (line === undefined) {
      this.at = this.lines.length;
      this.current = undefined;
      return;
    }
    const [, index, rest] = RECORD.exec(line) ?? [];
    if (rest === undefined) throw notRecord(this.name);
    this.current = { index: Number(index), rest };
  }

  close(): void {
    this.stream.close();
  }

  private async read(): Promise<void> {
    const { done, value } = await this.chunks.next();
    if (done === true) {
      this.isOver = true;
      this.splitter.end();
    } else {
      this.splitter.push(value as Buffer);
    }
  }
}

function notRecord(name: string): CliError {
  return new CliError(
    "RUNLANE_CLI_INPUT",
    `cannot merge ${name}: it holds a line that is no record of runlane batch; if its run was cut off, finish it with runlane batch --resume`,
  );
}
