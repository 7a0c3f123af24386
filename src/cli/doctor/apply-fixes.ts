import { readFileSync, writeFileSync } from "node:fs";
import { difference } from "../../diagnose/doctor/compare.ts";
import { fixOf, verdictText } from "../../diagnose/doctor/diagnose.ts";
import { prove } from "../../diagnose/doctor/prove.ts";
import type { Compare, Diagnosis, Finding, Proof } from "../../diagnose/doctor/types.ts";
import { type Change, Refusal } from "../../diagnose/fix/change.ts";
import { type FixOptions, fixSource, type SourceFix } from "../../diagnose/fix/fix-source.ts";
import { messageOf } from "../cli-error.ts";
import { displayName } from "../paths.ts";
import { PipelineProcess } from "./pipeline-process.ts";
import type { ProcessRequest } from "./process-messages.ts";

/** How fixes are applied. */
export interface ApplyOptions extends FixOptions {
  readonly request: ProcessRequest;
  readonly compare: Compare;
  /** Shows a line or more. */
  readonly say: (text: string) => void;
  /** Asks whether a change that has been shown is to be made. */
  readonly ask: (question: string) => Promise<boolean>;
}

/** The outcome of an attempt to apply the fix of a finding. */
export interface Applied {
  readonly id: Finding["id"];
  readonly step: string;
  readonly file: string | null;
  readonly diff: string | null;
  readonly applied: boolean;
  /** The proof of the fix on the changed source. */
  readonly proof: Proof | null;
  /** Why it was not applied. */
  readonly reason: string | null;
}

/** The time of one proof on changed source, in milliseconds, after the rounds without which nothing could be said. */
const PROOF_MS = 30_000;
/** The number of measurements on each side where each takes a process. */
const FIRST_CALLS = 5;

/**
 * Shows the best fix that is proved and can be made in the source, makes it after a yes, and proves it again on the changed source: that
 * runs in a process of its own, in turns with one that was started before the change. What is not proved again is taken back.
 *
 * It makes one change, since what the doctor has found holds for the source as it was.
 */
export async function applyFixes({ findings }: Diagnosis, options: ApplyOptions): Promise<Applied[]> {
  const { say } = options;
  const results: Applied[] = [];
  for (const finding of findings) {
    if (finding.proof.verdict !== "proved") continue;
    const result = await applyFix(finding, options);
    results.push(result);
    if (result.reason !== null) say(`${finding.id} at ${finding.step}: not changed: ${result.reason}`);
    if (!result.applied) continue;
    say(`applied to ${result.file}; measured again on the changed source: ${verdictText(result.proof!)}`);
    say("Run the doctor again for what else it can do.");
    break;
  }
  if (results.length === 0) say("There is nothing to change: no fix is proved.");
  return results;
}

async function applyFix(finding: Finding, options: ApplyOptions): Promise<Applied> {
  const none = { id: finding.id, step: finding.step, file: null, diff: null, applied: false, proof: null };
  const { change } = fixOf(finding);
  if (change === undefined) return { ...none, reason: unchangeable(finding) };
  let fix: SourceFix;
  try {
    fix = await fixSource(change, options);
  } catch (error) {
    if (error instanceof Refusal) return { ...none, reason: error.message };
    throw error;
  }
  const file = displayName(fix.path);
  const shown = { ...none, file, diff: fix.diff };
  options.say(`\n${finding.id} at ${finding.step}:\n${fix.diff}\n`);
  if (!(await options.ask(`Change ${file}?`))) return { ...shown, reason: "nobody said yes" };
  const { proof, reason } = await applyAndProve(finding, change, fix, options);
  return { ...shown, applied: reason === null, proof, reason };
}

/** Writes the change, and takes it back unless it is proved. */
async function applyAndProve(
  finding: Finding,
  change: Change,
  fix: SourceFix,
  options: ApplyOptions,
): Promise<Pick<Applied, "proof" | "reason">> {
  if (readFileSync(fix.path, "utf8") !== fix.before) return { proof: null, reason: "its file has changed meanwhile" };
  const takeBack = (): void => writeFileSync(fix.path, fix.before);
  process.once("exit", takeBack);
  let reason: string | null;
  let proof: Proof | null = null;
  try {
    const write = (): void => writeFileSync(fix.path, fix.after);
    proof = await (change.kind === "warm" ? proveStart : proveRuns)(finding, write, options);
    reason = proof.verdict === "proved" ? null : `on the changed source it is ${verdictText(proof)}; it was taken back`;
  } catch (error) {
    reason = `the changed source does not run, and was taken back: ${messageOf(error)}`;
  }
  process.off("exit", takeBack);
  if (reason !== null) takeBack();
  return { proof, reason };
}

async function proveRuns(finding: Finding, write: () => void, { request, compare }: ApplyOptions): Promise<Proof> {
  const { metric } = finding.proof;
  const { inputs } = fixOf(finding);
  const before = await PipelineProcess.start(request);
  let after: PipelineProcess | undefined;
  try {
    const outputs = await before.outputs(inputs);
    write();
    after = await PipelineProcess.start(request);
    const changed = after;
    const differs = difference(outputs, await changed.outputs(inputs), compare);
    if (differs !== undefined)
      return { metric, verdict: "refused", ratio: null, low: null, high: null, reason: differs };
    return await prove({
      metric,
      before: () => before.measure(metric, inputs),
      after: () => changed.measure(metric, inputs),
      deadline: performance.now() + PROOF_MS,
      // A change that has been made is not taken back for want of time.
      latest: Number.POSITIVE_INFINITY,
    });
  } finally {
    await after?.[Symbol.asyncDispose]();
    await before[Symbol.asyncDispose]();
  }
}

/** The first call, before the change and after it: the old source cannot be started any more once the new one is there. */
async function proveStart(
  { proof: { metric } }: Finding,
  write: () => void,
  { request }: ApplyOptions,
): Promise<Proof> {
  const times: number[] = [];
  while (times.length < FIRST_CALLS) times.push(await PipelineProcess.firstCall(request, false));
  write();
  return await prove({
    metric,
    before: async () => times.pop()!,
    after: () => PipelineProcess.firstCall(request, false),
    rounds: FIRST_CALLS,
    deadline: Number.POSITIVE_INFINITY,
  });
}

/** Why the fix of a finding is nothing that can be changed in the source. */
function unchangeable({ id, fix }: Finding): string {
  if (id === "concurrency-low" || id === "concurrency-high") return `it is an option of the call: ${fix}`;
  return "where its step is made is not known, or it needs more than a change there";
}
