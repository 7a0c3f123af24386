import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { CliError, oneLine } from "../cli-error.ts";
import { formatDuration } from "../display/format.ts";
import { displayName, PACKAGE_FILE } from "../paths.ts";
import { absoluteNow, type Phase, type StartReport, type StartRequest } from "./messages.ts";

const ENTRY = join(dirname(PACKAGE_FILE), "dist", "cli", "coldstart", "start.js");
/** The number of characters of a process's standard error that are kept: enough for an error with its stack. */
const KEPT_CHARACTERS = 4000;

/** The longest delay of a timer, in milliseconds. Node ends longer ones at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The words for each phase in a message that says where a start ended. */
const DOING: Record<Phase, string> = {
  node: "Node started",
  typescript: "tsx was loaded",
  imports: "it was imported",
  workers: "its workers were started",
  resources: "its resources were loaded",
  call: "its first call was made",
};

/** A report that a process has given. */
export type Started = Exclude<StartReport, { failed: Phase }> & {
  /** When the process was started, in milliseconds since 1970. */
  readonly startedAt: number;
};

/**
 * Starts a pipeline in a process of its own, and waits for its report.
 *
 * @param timeoutMs Ends the process after this.
 * @throws CliError RUNLANE_CLI_PIPELINE when the pipeline does not load, RUNLANE_CLI_START when something later fails.
 */
export function startProcess(request: StartRequest, timeoutMs: number): Promise<Started> {
  return new Promise((resolve, reject) => {
    const startedAt = absoluteNow();
    const child = spawn(process.execPath, [...process.execArgv, ENTRY, JSON.stringify(request)], {
      // Text that a pipeline prints is no part of the result.
      stdio: ["ignore", "ignore", "pipe", "pipe"],
    });
    let report = "";
    let complaints = "";
    let isLate = false;
    (child.stdio[3] as NodeJS.ReadableStream).setEncoding("utf8").on("data", (text: string) => {
      report += text;
    });
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      complaints = (complaints + text).slice(-KEPT_CHARACTERS);
    });
    const timer = setTimeout(
      () => {
        isLate = true;
        child.kill("SIGKILL");
      },
      Math.min(timeoutMs, LONGEST_TIMER_MS),
    );
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const parsed = parseReport(report);
      if (parsed !== undefined && !("failed" in parsed)) return resolve({ ...parsed, startedAt });
      const name = displayName(request.file);
      if (parsed !== undefined) return reject(failure(parsed, name, request));
      const why = isLate ? `was not done after ${formatDuration(timeoutMs)} (--timeout)` : describeEnd(code, signal);
      const said = complaints.trim() === "" ? "" : `: ${lastWords(complaints)}`;
      reject(new CliError("RUNLANE_CLI_START", `the process of ${name} ${why}${said}`));
    });
  });
}

function parseReport(text: string): StartReport | undefined {
  return text === "" ? undefined : JSON.parse(text);
}

function failure(
  { failed, message }: { failed: Phase; message: string },
  name: string,
  request: StartRequest,
): CliError {
  // An error in a module is reported with the module's name.
  if (failed === "imports" || failed === "typescript") return new CliError("RUNLANE_CLI_PIPELINE", message);
  const hint = failed === "call" && !("input" in request) ? "; it got null, give it an input with --input <json>" : "";
  return new CliError("RUNLANE_CLI_START", `${name} failed when ${DOING[failed]}: ${message}${hint}`);
}

/** A process that ends without a report: of its own will, or because nothing is left to wait for. */
function describeEnd(code: number | null, signal: string | null): string {
  if (signal !== null) return `was ended by ${signal} before its first output`;
  if (code === UNSETTLED)
    return "ended before its first output, because it waits for a promise that nothing will settle";
  return `ended with exit code ${code} before its first output`;
}

/** Node's exit code for a top-level await that never ends. */
const UNSETTLED = 13;

/** The line that says what was thrown, or the last one. */
function lastWords(text: string): string {
  const lines = text.trimEnd().split("\n");
  return oneLine(lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1)!);
}
