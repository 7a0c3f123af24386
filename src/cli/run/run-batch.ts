import { lanesOf } from "../../runnables/inspect/lanes-of.ts";
import type { BatchOptions } from "../batch.ts";
import { EXIT } from "../cli-error.ts";
import { Messages, startProgress } from "../display/progress.ts";
import { RecordWriter } from "../output/record-writer.ts";
import { StdoutSink } from "../output/sink.ts";
import type { RunEnd } from "./batch-run.ts";
import { conclude, howToResume } from "./conclude.ts";
import { exitCodeOf, onStopSignal, type StopSignal, watchForUntimelyEnd } from "./ends.ts";
import { startMeasuring } from "./measurements.ts";
import { type PreparedRun, prepare } from "./prepare.ts";
import { RecordKeeper } from "./record-keeper.ts";
import type { ProgressMeter } from "./run-counts.ts";
import { warmUp } from "./warm-up.ts";

/**
 * Runs `runlane batch`.
 *
 * @returns The exit code.
 * @throws CliError when the run cannot start.
 */
export async function runBatch(options: BatchOptions): Promise<number> {
  const messages = new Messages();
  const prepared = await prepare(options);
  const { run, runnable } = prepared;
  let signal: StopSignal | undefined;
  const stopping = new AbortController();
  const ignoreSignals = onStopSignal((received) => {
    signal = received;
    run.stop();
    stopping.abort();
    const { running } = run;
    if (running > 0) messages.say(`finishing the ${running} inputs in flight; ${received} again quits at once`);
  });
  try {
    await run.prime();
    const warmMs = options.warm
      ? await warmUp(runnable, { signal: stopping.signal, stderr: process.stderr, quiet: options.quiet })
      : null;
    if (signal !== undefined) return exitCodeOf(signal);
    const measure = startMeasuring(() => lanesOf(runnable));
    const meter = prepared.startMeter();
    const end = await perform(prepared, meter, messages);
    if (end.kind === "reader left") return EXIT.done;
    const { counts } = meter;
    return await conclude(prepared, { end, signal, counts, measurements: measure(), warmMs }, messages);
  } finally {
    ignoreSignals();
  }
}

/** Opens the files and runs all inputs, with a display beside them. */
async function perform(prepared: PreparedRun, meter: ProgressMeter, messages: Messages): Promise<RunEnd> {
  const { options, destination, run } = prepared;
  const { output, errors } = destination.open({
    output: () => new StdoutSink(),
    errors: () => ({ write: (lines) => messages.print(lines.trimEnd()), close: () => {} }),
  });
  const writer = new RecordWriter(output, errors);
  const keeper = new RecordKeeper(writer, meter, { readable: destination.errors === undefined });
  const recordsOnTerminal = destination.output === undefined && process.stdout.isTTY;
  messages.showProgress(
    await startProgress({ meter, stderr: process.stderr, quiet: options.quiet, recordsOnTerminal }),
  );
  const unwatch = watchForUntimelyEnd({
    flush: () => void writer.flush(),
    say: (message) => {
      messages.endProgress();
      messages.say(message);
      messages.print(howToResume(options, destination));
    },
    waitingFor: () => {
      const { oldest } = run;
      return oldest && `input ${oldest.index} (${oldest.place})`;
    },
  });
  try {
    return await run.run(keeper, writer);
  } finally {
    unwatch();
    messages.endProgress();
  }
}
