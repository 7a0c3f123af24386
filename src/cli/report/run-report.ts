import { readFileSync } from "node:fs";
import process from "node:process";
import type { Finding } from "../../diagnose/doctor/types.ts";
import { pageWith } from "../../inspect/page-file.ts";
import type { InspectorState } from "../../inspect/state.ts";
import { CliError, EXIT, systemCause } from "../cli-error.ts";
import { displayName } from "../paths.ts";
import type { ReportOptions } from "../report.ts";
import { checkReport, writeText } from "../run/report.ts";

/**
 * Runs `runlane report`.
 *
 * @returns The exit code.
 * @throws CliError when there is no such report, or the page cannot be written.
 */
export function runReport({ report, output = pageBeside(report), findings }: ReportOptions): number {
  const state = stateIn(report);
  const page = pageWith(findings === undefined ? state : { ...state, findings: findingsIn(findings) });
  if (output === "-") {
    process.stdout.write(page);
    return EXIT.done;
  }
  checkReport(output);
  writeText(output, page);
  process.stderr.write(`runlane: the page is ${displayName(output)}\n`);
  return EXIT.done;
}

function pageBeside(report: string): string {
  return `${report.replace(/\.json$/i, "")}.html`;
}

function stateIn(report: string): InspectorState {
  const { page } = parsed(report) as { page?: Partial<InspectorState> | undefined };
  if (page?.format === 1) return page as InspectorState;
  throw new CliError(
    "RUNLANE_CLI_INPUT",
    `${displayName(report)} is no report that a page can be made of; ` +
      "write one with runlane batch --report run.json, and with the same version of Runlane",
  );
}

function findingsIn(file: string): readonly Finding[] {
  const { findings } = parsed(file) as { findings?: unknown };
  if (Array.isArray(findings)) return findings as Finding[];
  throw new CliError(
    "RUNLANE_CLI_INPUT",
    `${displayName(file)} has no findings; write them with runlane doctor --json`,
  );
}

/** The object in a file of JSON. */
function parsed(file: string): object {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new CliError("RUNLANE_CLI_INPUT", `cannot read ${displayName(file)}: ${systemCause(error)}`, {
      cause: error,
    });
  }
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch (error) {
    throw new CliError("RUNLANE_CLI_INPUT", `${displayName(file)} holds no JSON`, { cause: error });
  }
}
