import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { CliError, systemCause, systemCode } from "../cli-error.ts";
import { displayName } from "../paths.ts";

const BLOCK_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;
/** A record starts with its index, so its first bytes tell all, however long it is. */
const RECORD_START = /^\{"index":(\d{1,15}),"(?:output|step)":/;
const RECORD_START_BYTES = 48;

/** A record of a file: its index, and the position of its line in bytes. */
export interface RecordPosition {
  readonly index: number;
  readonly start: number;
}

/** A file of records, read from its end, so that its size does not matter. */
export class RecordFile {
  /** The size of the file. */
  readonly sizeBytes: number;
  /** The size of all whole records; smaller than the size of the file when the last line is torn. */
  readonly wholeBytes: number;
  private readonly path: string;
  private readonly fd: number;
  private block: Buffer = Buffer.alloc(0);
  private blockStart = 0;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.fd = fd;
    this.sizeBytes = fstatSync(fd).size;
    // A record is written with its line feed at the end, so everything up to the last line feed is whole.
    this.wholeBytes = this.lineFeedBefore(this.sizeBytes) + 1;
  }

  /**
   * @returns Nothing when there is no such file.
   * @throws CliError RUNLANE_CLI_OUTPUT
   */
  static open(path: string): RecordFile | undefined {
    try {
      return new RecordFile(path, openSync(path, "r"));
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      throw new CliError("RUNLANE_CLI_OUTPUT", `cannot read ${displayName(path)}: ${systemCause(error)}`, {
        cause: error,
      });
    }
  }

  /**
   * The whole records, last one first.
   *
   * @throws CliError RUNLANE_CLI_OUTPUT at a line that is no record.
   */
  *backwards(): Generator<RecordPosition, void, undefined> {
    for (let end = this.wholeBytes; end > 0; ) {
      const start = this.lineFeedBefore(end - 1) + 1;
      yield { index: this.indexAt(start), start };
      end = start;
    }
  }

  close(): void {
    closeSync(this.fd);
  }

  private indexAt(start: number): number {
    const offset = start - this.blockStart;
    const inBlock = offset >= 0 && offset + RECORD_START_BYTES <= this.block.length;
    // The block stays as it is: the search for line feeds goes on in it.
    const bytes = inBlock ? this.block.subarray(offset) : this.read(start, start + RECORD_START_BYTES);
    const match = RECORD_START.exec(bytes.toString("latin1", 0, RECORD_START_BYTES));
    if (match?.[1] !== undefined) return Number(match[1]);
    const message = `cannot resume: ${displayName(this.path)} holds a line that is no record of runlane batch; name another file`;
    throw new CliError("RUNLANE_CLI_OUTPUT", message);
  }

  /** The position of the last line feed before `end`, or -1. */
  private lineFeedBefore(end: number): number {
    for (let before = end; before > 0; before = this.blockStart) {
      if (before <= this.blockStart || before > this.blockStart + this.block.length) {
        this.blockStart = Math.max(0, before - BLOCK_BYTES);
        this.block = this.read(this.blockStart, before);
      }
      const found = this.block.subarray(0, before - this.blockStart).lastIndexOf(LINE_FEED);
      if (found !== -1) return this.blockStart + found;
    }
    return -1;
  }

  private read(start: number, end: number): Buffer {
    const bytes = Buffer.allocUnsafe(end - start);
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(this.fd, bytes, length, bytes.length - length, start + length);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  }
}
