import { visible } from "../../core/visible.ts";
import type { WarmProgress } from "../../resources/status.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import { CliError, messageOf } from "../cli-error.ts";
import { round } from "../display/format.ts";

/** The options of {@link warmUp}: where its progress is shown. */
export interface WarmUpOptions {
  /** Ends the waiting: then this resolves, and nothing runs. */
  readonly signal: AbortSignal;
  readonly stderr: NodeJS.WriteStream;
  readonly quiet: boolean;
}

/**
 * Loads everything that a pipeline uses, wherever it uses it.
 *
 * @returns How long that took, in milliseconds.
 * @throws CliError RUNLANE_CLI_START
 */
export async function warmUp(
  runnable: Runnable<unknown, unknown>,
  { signal, stderr, quiet }: WarmUpOptions,
): Promise<number> {
  const started = performance.now();
  const line = stderr.isTTY && !quiet ? new OneLine(stderr) : undefined;
  try {
    await runnable.warm({ signal, onProgress: (progress) => line?.show(progress) });
  } catch (error) {
    if (!signal.aborted) throw new CliError("RUNLANE_CLI_START", `--warm: ${messageOf(error)}`, { cause: error });
  } finally {
    line?.clear();
  }
  return round(performance.now() - started);
}

/** The last line of a terminal, written over and over. */
class OneLine {
  constructor(private readonly stderr: NodeJS.WriteStream) {}

  show({ done, total, name, where }: WarmProgress): void {
    this.clear();
    this.stderr.write(visible(`loading ${done}/${total}: ${name} (${where})`));
  }

  clear(): void {
    this.stderr.write("\r\u001b[2K");
  }
}
