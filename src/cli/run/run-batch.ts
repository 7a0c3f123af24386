import { lanesOf } from "../../runnables/inspect/lanes-of.ts";
import type { BatchOptions } from "../batch.ts";
import { EXIT } from "../cli-error.ts";
import { Messages, startProgress } from "../display/progress.ts";
import { RecordWriter } from "../output/record-writer.ts";
import { writeRunFile } from "../output/run-file.ts";
import { reserveStdout, StdoutSink, untilOpenable } from "../output/sink.ts";
import { displayName } from "../paths.ts";
import { startTelemetry } from "../telemetry.ts";
import { startWatchdog } from "../watchdog.ts";
import type { RunEnd } from "./batch-run.ts";
import { conclude, howToResume } from "./conclude.ts";
import { EndWatch, earlyWords } from "./ends.ts";
import { startMeasuring } from "./measurements.ts";
import { type PreparedRun, prepare, withAbsolutePaths } from "./prepare.ts";
import { RecordKeeper } from "./record-keeper.ts";
import type { RunRecording } from "./recording.ts";
import type { ProgressMeter } from "./run-counts.ts";
import { exitCodeOf, onStopSignal, type StopSignal } from "./stop-signals.ts";
import { warmUp } from "./warm-up.ts";

/**
 * Runs `runlane batch`.
 *
 * @returns The exit code.
 * @throws CliError when the run cannot start.
 */
export async function runBatch(given: BatchOptions): Promise<number> {
  const options = withAbsolutePaths(given);
  const watch = new EndWatch(displayName(options.pipeline), earlyWords("while it was loaded"));
  const stdout = new StdoutSink();
  // Text that a pipeline prints must not come between the records.
  const giveBack = options.output === undefined ? reserveStdout() : () => {};
  const telemetry = options.otel ? await startTelemetry(options.pipeline) : undefined;
  try {
    const prepared = await prepare(options);
    try {
      return await runPrepared(prepared, stdout, watch);
    } finally {
      prepared.release();
    }
  } finally {
    await telemetry?.stop();
    watch.stop();
    giveBack();
  }
}

async function runPrepared(prepared: PreparedRun, stdout: StdoutSink, watch: EndWatch): Promise<number> {
  const messages = new Messages();
  const { options, run, runnable } = prepared;
  const watchdog = await startWatchdog(options.watch);
  let signal: StopSignal | undefined;
  let recording: RunRecording | undefined;
  const stopping = new AbortController();
  const signals = onStopSignal(
    (received) => {
      signal = received;
      run.stop();
      stopping.abort();
      if (run.running > 0) messages.say(run.stopWords(received));
    },
    () => {
      messages.endProgress();
      prepared.release();
    },
  );
  try {
    watch.enter(earlyWords("before its first input"));
    await run.prime();
    watch.enter(earlyWords("during --warm"));
    const warmMs = options.warm
      ? await warmUp(runnable, { signal: stopping.signal, stderr: process.stderr, quiet: options.quiet })
      : null;
    if (signal !== undefined) return exitCodeOf(signal);
    await untilOpenable(options.output, stopping.signal);
    await signals.ready;
    if (signal !== undefined) return exitCodeOf(signal);
    const measure = startMeasuring(() => lanesOf(runnable));
    const meter = prepared.startMeter();
    recording = await startRecording(prepared, meter, messages);
    const end = await perform(prepared, { meter, messages, stdout, watch, recording });
    if (end.kind === "reader left") return EXIT.done;
    const { counts } = meter;
    await watchdog?.stop();
    const measurements = measure();
    const code = await conclude(prepared, { end, signal, counts, measurements, warmMs, recording }, messages);
    await recording?.linger(stopping.signal, messages);
    return code;
  } finally {
    signals.stop();
    await watchdog?.stop();
    await recording?.close();
  }
}

/** Records more than statistics, where a report or a page was asked for. */
async function startRecording(
  prepared: PreparedRun,
  meter: ProgressMeter,
  messages: Messages,
): Promise<RunRecording | undefined> {
  const { options } = prepared;
  if (options.report === undefined && options.inspect === undefined) return undefined;
  const { RunRecording } = await import("./recording.ts");
  const recording = new RunRecording(prepared, meter);
  if (options.inspect !== undefined) await recording.serve(options, messages);
  return recording;
}

interface Stage {
  readonly meter: ProgressMeter;
  readonly messages: Messages;
  readonly stdout: StdoutSink;
  readonly watch: EndWatch;
  readonly recording: RunRecording | undefined;
}

/** Opens the files and runs all inputs, with a display beside them. */
async function perform(prepared: PreparedRun, { meter, messages, stdout, watch, recording }: Stage): Promise<RunEnd> {
  const { options, destination, run, identity } = prepared;
  const { output, errors } = destination.open({
    output: () => stdout,
    errors: () => ({ write: (lines) => messages.print(lines.trimEnd()), close: () => {} }),
  });
  if (destination.isResumable) writeRunFile(destination.output!, identity);
  const writer = new RecordWriter(output, errors);
  const keeper = new RecordKeeper(writer, meter, {
    readable: destination.errors === undefined,
    onFailure: recording && ((...failure) => recording.failed(...failure)),
  });
  const recordsOnTerminal = destination.output === undefined && process.stdout.isTTY;
  messages.showProgress(
    await startProgress({ meter, stderr: process.stderr, quiet: options.quiet, recordsOnTerminal }),
  );
  watch.enter({
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
    watch.stop();
    messages.endProgress();
  }
}
