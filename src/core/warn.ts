import { describe } from "./errors/errors.ts";

/** Reports an error that nobody waits for: as a warning of the process, where there is one. */
export function warnOf(error: unknown): void {
  globalThis.process?.emitWarning?.(error instanceof Error ? error : new Error(`${describe(error)} was thrown.`));
}
