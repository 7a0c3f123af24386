import type { Format } from "../input/format.ts";
import type { PipelineLane } from "../pipeline/lanes.ts";

/** `runlane explain`, as the command line asks for it, checked as far as one option can be checked alone. */
export interface ExplainOptions {
  /** The pipeline's module. */
  readonly pipeline: string;
  /** The name of its export. */
  readonly export: string;
  /** A file, or `-` for standard input; without it nothing is run. */
  readonly input?: string | undefined;
  /** How to read the lines, whatever the file is called. */
  readonly format?: Format | undefined;
  /** How many inputs are run at most. */
  readonly limit: number;
  /** Where the whole pipeline runs, whatever lanes its steps have. */
  readonly lane?: PipelineLane | undefined;
  readonly json: boolean;
}
