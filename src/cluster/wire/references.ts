import type { Outcome } from "../../batching/outcome.ts";

/** How the inputs of a chunk are found that stand in files, which workers read themselves. */
export type References = {
  /** The folder that relative paths are seen from, on the machine where the batch runs. */
  readonly folder: string;
} & (
  | {
      /** Each input is the path of a file: a {@link FileReference}. */
      readonly kind: "files";
    }
  | {
      /** Each input is some lines of one file: a {@link LineReference}. */
      readonly kind: "lines";
      readonly path: string;
      /** The start of the file, as far as it belongs to all lines: the header of CSV. */
      readonly header: LineReference;
      /** What tells how a line becomes an input. Only who makes and who reads references looks into it. */
      readonly reading: object;
    }
);

/** A file as it was when it became an input. */
export interface FileReference {
  readonly path: string;
  /** In bytes; undefined where the file was not there. */
  readonly size: number | undefined;
  readonly mtimeMs: number | undefined;
}

/** Lines of a file: the bytes from one place to another, and the CRC-32 of their text. */
export type LineReference = readonly [fromByte: number, toByte: number, checksum: number];

/**
 * Reads the inputs that references stand for.
 *
 * @param inputs The references, as they came from the broker: whoever can write there may have made them up.
 * @param roots The folders outside of which nothing is read.
 * @returns A value or an error for each.
 */
export type ReadReferences = (
  references: References,
  inputs: readonly unknown[],
  roots: readonly string[],
) => Promise<readonly Outcome<unknown>[]>;
