import type { Plan } from "../../plan/plan.ts";
import { quote } from "../paths.ts";

/** The arguments of a command, as far as the doctor needs it. */
export interface Proving {
  readonly pipeline: string;
  /** The name of the export, where it is another than the default one. */
  readonly export?: string | undefined;
  readonly input?: string | undefined;
  readonly files?: readonly string[] | undefined;
}

/** The step that the doctor would look at first, and the command that proves it; nothing where nothing takes long. */
export function guessLines({ guess }: Plan, options: Proving): string[] {
  if (guess === undefined) return [];
  return [`first guess, not proved: ${guess}; to prove it:`, `  ${doctorCommand(options)}`];
}

function doctorCommand({ pipeline, export: name, input, files }: Proving): string {
  const exported = name === undefined || name === "default" ? [] : ["--export", name];
  // What came through standard input is gone.
  const source =
    files === undefined
      ? ["--input", input === undefined || input === "-" ? "<file>" : quote(input)]
      : ["--files", ...files.map(quote)];
  return ["runlane", "doctor", quote(pipeline), ...exported, ...source].join(" ");
}
