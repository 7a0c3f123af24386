import type { Step } from "../../../core/step.ts";
import { RunnableLambda } from "../../../runnables/kinds/lambda.ts";
import type { LambdaUses } from "../../../runnables/kinds/lambda-options.ts";
import type { Runnable } from "../../../runnables/runnable.ts";
import type { CapturedVariable } from "../../../shipping/functions/function-ref.ts";
import type { BlockingCall } from "../../blocking-calls.ts";
import type { Change, StepFunction } from "../../fix/change.ts";
import { functionOf, nodeOf } from "../../step-place.ts";
import { awaitBlocking } from "../await-blocking.ts";
import { type Candidate, rounded } from "../candidate.ts";
import type { StepProbe } from "../probe.ts";
import { median } from "../prove.ts";
import { rebuildFunction } from "../rebuild-function.ts";
import { withStep } from "../rewrite.ts";
import type { Sample } from "../sample.ts";

/** The processor time of a hold, in milliseconds, below which a step is not reported. */
const HOLDS_MS = 2;
/** The share of a hold that blocking calls must have for it to be called blocking. */
const BLOCKING_SHARE = 0.4;

/** Steps that hold the event loop: by computing, by blocking calls, and by computing where a variable keeps them from moving. */
export function heldLoop(sample: Sample): Candidate[] {
  return sample.probes.flatMap((probe) => candidatesOf(sample, probe));
}

function candidatesOf({ root }: Sample, probe: StepProbe): Candidate[] {
  const { step, syncMs, syncTotalMs, cpuMs } = probe;
  const func = functionOf(step);
  const blockedMs = [...probe.blocking.values()].reduce((sum, { ms }) => sum + ms, 0);
  const isBlocking = blockedMs > BLOCKING_SHARE * syncTotalMs;
  // On a busy machine a short run takes long, too, but no more of the processor.
  const holdMs = median(syncMs) * (isBlocking ? 1 : Math.min(1, cpuMs / syncTotalMs));
  if (func === undefined || holdMs < HOLDS_MS || (step.laneName ?? "loop") !== "loop") return [];
  const calls = [...probe.blocking.values()].sort((a, b) => b.ms - a.ms);
  const moved = onThread(step, func);
  const { variables } = moved;
  const fixed = (isBlocking ? awaiting(step, func, moved, calls) : undefined) ?? moved;
  const changed = fixed.step && withStep(root, step, fixed.step);
  const base = {
    step,
    metric: "loop delay p99, ms",
    // Where something else holds the loop for longer, what runs elsewhere is still not waited for.
    otherMetric: "batch ms",
    atStakeMs: syncTotalMs,
    variant: changed && (() => ({ runnable: changed })),
    reason: changed === undefined ? (fixed.reason ?? "the step cannot be taken out of what is around it") : undefined,
    change: fixed.change,
  } as const;
  const held = { "held for, ms (median)": rounded(holdMs), times: syncMs.length, "in all, ms": rounded(syncTotalMs) };
  const name = func.name || "the function";
  const names = variables.map((variable) => variable.name);
  const uses = names.length === 0 ? "" : `, uses: { ${names.join(", ")} }`;
  const [worst] = calls;
  if (isBlocking && worst !== undefined) {
    const { call, count } = worst;
    const evidence = { ...held, call: call.name, calls: count, "in blocking calls, ms": rounded(blockedMs) };
    const toThread = `RunnableLambda.from(${name}, { lane: "thread"${uses} })`;
    const isAwaited = fixed.change?.kind === "await";
    const fix = isAwaited
      ? `await ${call.counterpart}, in place of ${call.name}`
      : `await ${call.counterpart}, in place of ${call.name}; or ${toThread}, which is what was measured`;
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

/** A step that no longer holds the loop. */
interface Moved {
  readonly step: Runnable | undefined;
  /** The captured variables that keep the step here. */
  readonly variables: readonly CapturedVariable[];
  readonly reason?: string;
  readonly change?: Change | undefined;
}

/** The step in a thread, its captured variables given to it if need be. */
function onThread(step: Step, func: StepFunction): Moved {
  try {
    const moved = (step as unknown as Runnable).withLane("thread");
    return { step: moved, variables: [], change: { kind: "thread", func, uses: [] } };
  } catch (error) {
    const { variables = [], message } = error as { variables?: readonly CapturedVariable[]; message: string };
    const names = variables.map(({ name }) => name);
    const rebuilt = names.length === 0 ? undefined : rebuildFunction(func, names);
    if (rebuilt === undefined || nodeOf(step)?.uses !== undefined)
      return { step: undefined, variables, reason: message };
    try {
      const options = { name: step.label, uses: rebuilt.uses, lane: "thread" } as const;
      const moved = RunnableLambda.from(rebuilt.func as never, options) as Runnable;
      const change = rebuilt.builtins.length > 0 ? undefined : ({ kind: "thread", func, uses: names } as const);
      return { step: moved, variables, change };
    } catch (again) {
      return { step: undefined, variables, reason: (again as Error).message };
    }
  }
}

/** The step with its blocking calls awaited, where all that matter have an asynchronous form. */
function awaiting(
  step: Step,
  func: StepFunction,
  { variables }: Moved,
  blocking: readonly { call: BlockingCall; ms: number }[],
): Moved | undefined {
  const calls = blocking.map(({ call }) => call.name);
  const captured = variables.map(({ name }) => name);
  const awaited = awaitBlocking(func, calls, captured);
  if (awaited === undefined) return undefined;
  const { uses } = nodeOf(step) as { uses?: LambdaUses };
  const fixed = RunnableLambda.from(awaited as never, { name: step.label, uses } as never) as Runnable;
  return { step: fixed, variables, change: { kind: "await", func, calls } };
}
