import type { RunnableConfig } from "../../core/config.ts";
import type { Metric } from "../../diagnose/doctor/types.ts";

/** The data for a process that runs a pipeline as it stands in its file now. */
export interface ProcessRequest {
  readonly path: string;
  readonly exportName: string;
  readonly inputs: readonly unknown[];
  readonly config: Partial<RunnableConfig>;
}

/** A question to that process; it answers one at a time. */
export type Question =
  | { readonly ask: "load"; readonly request: ProcessRequest }
  | { readonly ask: "warm" }
  /** The time of one call, in milliseconds. */
  | { readonly ask: "call" }
  /** The outputs of so many inputs. */
  | { readonly ask: "outputs"; readonly inputs: number }
  | { readonly ask: "measure"; readonly inputs: number; readonly metric: Metric };

export type Answer = { readonly value: unknown } | { readonly error: string };
