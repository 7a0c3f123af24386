import type { CliError } from "../cli-error.ts";

/** One input as it came out of the source: a value, or the problem that kept it from becoming one. */
export interface Reading {
  /** The input for the pipeline; for an input that could not be read, its raw text where there is one. */
  readonly value: unknown;
  /** Where it stands: `orders.csv:17`, counted from line 1, or the path of a file. */
  readonly place: Place;
  /** Why the line is no input. Such an input has an index like any other, and goes to the errors file. */
  readonly problem?: CliError;
}

/** A line of a named source; kept apart until somebody wants to see it, since most never do. */
export interface Place {
  readonly name: string;
  readonly line?: number;
}

/** Turns bytes, or names, into readings: block by block, so that a source of any size needs the memory of one block. */
export type Readings = AsyncIterator<readonly Reading[], void, undefined>;

/** What the command knows about a source besides its inputs. */
export interface InputSource {
  /** How messages call it. */
  readonly name: string;
  /** How many inputs there are, where that is known beforehand. */
  readonly count?: number;
  /** How much of the source has been read, from 0 to 1, where its size is known. */
  readonly fraction?: () => number;
  /**
   * Starts to read.
   * @param skip How many inputs to pass over without building them, because an earlier run has done them.
   */
  read(skip: number): Readings;
  /** Frees the file. */
  close(): void;
}

/** `orders.csv:17` */
export function formatPlace(place: Place): string {
  return place.line === undefined ? place.name : `${place.name}:${place.line}`;
}
