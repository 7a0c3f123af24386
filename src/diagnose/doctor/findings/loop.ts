import type { Step } from "../../../core/step.ts";
import { RunnableLambda } from "../../../runnables/kinds/lambda.ts";
import type { Runnable } from "../../../runnables/runnable.ts";
import type { CapturedVariable } from "../../../shipping/functions/function-ref.ts";
import { functionOf, nodeOf } from "../../step-place.ts";
import { type Candidate, rounded } from "../candidate.ts";
import type { StepProbe } from "../probe.ts";
import { median } from "../prove.ts";
import { rebuildFunction } from "../rebuild-function.ts";
import { withStep } from "../rewrite.ts";
import type { Sample } from "../sample.ts";

/** A step that holds the loop for less than this at a time, in milliseconds, is let be. */
const HOLDS_MS = 4;
/** Of what holds the loop, so much must be blocking calls to be called blocking. */
const BLOCKING_SHARE = 0.4;

/** Steps that hold the event loop: by computing, by blocking calls, and by computing where a variable keeps them from moving. */
export function heldLoop(sample: Sample): Candidate[] {
  return sample.probes.flatMap((probe) => candidatesOf(sample, probe));
}

function candidatesOf({ root }: Sample, probe: StepProbe): Candidate[] {
  const { step, syncMs, syncTotalMs, cpuMs } = probe;
  const func = functionOf(step);
  const holdMs = median(syncMs);
  if (func === undefined || holdMs < HOLDS_MS || (step.laneName ?? "loop") !== "loop") return [];
  const blockedMs = [...probe.blocking.values()].reduce((sum, { ms }) => sum + ms, 0);
  const isBlocking = blockedMs > BLOCKING_SHARE * syncTotalMs;
  const [worst] = [...probe.blocking.values()].sort((a, b) => b.ms - a.ms);
  const { moved, variables, reason } = onThread(step, func);
  const changed = moved && withStep(root, step, moved);
  const base = {
    step,
    metric: "loop delay p99, ms",
    atStakeMs: syncTotalMs,
    variant: changed && (() => ({ runnable: changed })),
    reason: changed === undefined ? (reason ?? "the step cannot be taken out of what is around it") : undefined,
  } as const;
  const held = { "held for, ms (median)": rounded(holdMs), times: syncMs.length, "in all, ms": rounded(syncTotalMs) };
  const name = func.name || "the function";
  const names = variables.map((variable) => variable.name);
  const uses = names.length === 0 ? "" : `, uses: { ${names.join(", ")} }`;
  if (isBlocking && worst !== undefined) {
    const { call, count } = worst;
    const evidence = { ...held, call: call.name, calls: count, "in blocking calls, ms": rounded(blockedMs) };
    const fix = `await ${call.counterpart}, in place of ${call.name}; or RunnableLambda.from(${name}, { lane: "thread"${uses} })`;
    return [{ ...base, id: "blocking-io", evidence, fix }];
  }
  const evidence = { ...held, "processor time, ms": rounded(cpuMs) };
  if (variables.length === 0)
    return [{ ...base, id: "cpu-on-loop", evidence, fix: `RunnableLambda.from(${name}, { lane: "thread" })` }];
  const fix = `RunnableLambda.from((input, { uses }) => ..., { lane: "thread"${uses} }), with uses.${names[0]} in place of ${names[0]}`;
  const where = variables.map(
    ({ name: variable, file, line }) => `${variable} (${(file ?? `line ${line}`).replace(/^file:\/\//, "")})`,
  );
  return [{ ...base, id: "captured-keeps-on-loop", evidence: { ...evidence, captures: where.join(", ") }, fix }];
}

interface Moved {
  readonly moved: Runnable | undefined;
  /** What it captures, when that kept it. */
  readonly variables: readonly CapturedVariable[];
  readonly reason?: string;
}

/** The step in a thread, its captured variables given to it if need be. */
function onThread(step: Step, func: (...args: unknown[]) => unknown): Moved {
  try {
    return { moved: (step as unknown as Runnable).withLane("thread"), variables: [] };
  } catch (error) {
    const { variables = [], message } = error as { variables?: readonly CapturedVariable[]; message: string };
    const rebuilt =
      variables.length === 0
        ? undefined
        : rebuildFunction(
            func,
            variables.map(({ name }) => name),
          );
    if (rebuilt === undefined || nodeOf(step)?.uses !== undefined)
      return { moved: undefined, variables, reason: message };
    try {
      const options = { name: step.label, uses: rebuilt.uses, lane: "thread" } as const;
      return { moved: RunnableLambda.from(rebuilt.func as never, options) as Runnable, variables };
    } catch (again) {
      return { moved: undefined, variables, reason: (again as Error).message };
    }
  }
}
