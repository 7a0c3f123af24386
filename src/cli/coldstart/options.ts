/** `runlane coldstart`, as the command line asks for it, checked as far as one option can be checked alone. */
export interface ColdStartOptions {
  /** The pipeline's module. */
  readonly pipeline: string;
  /** The name of its export. */
  readonly export: string;
  /** How many processes are started, one after the other. */
  readonly runs: number;
  /** The input of the first call, as JSON. */
  readonly input?: string | undefined;
  readonly json: boolean;
  /** Milliseconds; more than that is a failure. */
  readonly budget?: number | undefined;
  /** Milliseconds that one process may take. */
  readonly timeout: number;
}
