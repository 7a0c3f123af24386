import type { Format } from "../input/format.ts";
import type { PipelineLane } from "../pipeline/lanes.ts";

/** `runlane batch`, as the command line asks for it, checked as far as one option can be checked alone. */
export interface BatchOptions {
  /** The pipeline's module. */
  readonly pipeline: string;
  /** A file, or `-` for standard input. Either this or `files` is set. */
  readonly input?: string | undefined;
  /** Patterns; every file that matches is an input. */
  readonly files?: readonly string[] | undefined;
  /** How to read the lines, whatever the file is called. */
  readonly format?: Format | undefined;
  readonly output?: string | undefined;
  readonly errors?: string | undefined;
  readonly report?: string | undefined;
  /** How many inputs may be in flight at once. */
  readonly concurrency?: number | undefined;
  /** How many inputs of the source may be run at most, those of earlier runs included. */
  readonly limit?: number | undefined;
  /** Where the whole pipeline runs, whatever lanes its steps have. */
  readonly lane?: PipelineLane | undefined;
  /** Whether everything is loaded before the first input. */
  readonly warm: boolean;
  readonly resume: boolean;
  readonly overwrite: boolean;
  readonly quiet: boolean;
  /** The arguments of the command, from which the command that continues the run is made. */
  readonly argv: readonly string[];
}
