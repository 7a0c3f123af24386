import type { Step } from "../../../core/step.ts";
import { RunnableLambda } from "../../../runnables/kinds/lambda.ts";
import type { LambdaUses } from "../../../runnables/kinds/lambda-options.ts";
import { fromNode } from "../../../runnables/registry.ts";
import type { Runnable } from "../../../runnables/runnable.ts";
import { reader } from "../../../shipping/functions/load-reader.ts";
import { firstFunction, functionOf, nodeOf } from "../../step-place.ts";
import { type Candidate, rounded } from "../candidate.ts";
import type { StepProbe } from "../probe.ts";
import { median } from "../prove.ts";
import { withStep } from "../rewrite.ts";
import type { Sample } from "../sample.ts";
import { singleCallOf } from "../single-call.ts";

const NO_PLACE = "the step cannot be taken out of what is around it";

/** The candidate of a step that another one would take the place of. */
function inPlaceOf(
  sample: Sample,
  step: Step,
  make: () => Runnable,
  rest: Omit<Candidate, "step" | "variant" | "reason">,
): Candidate {
  const isPossible = withStep(sample.root, step, make()) !== undefined;
  const variant = isPossible ? () => ({ runnable: withStep(sample.root, step, make())! }) : undefined;
  return { ...rest, step, variant, reason: isPossible ? undefined : NO_PLACE };
}

/** The number of inputs in flight where a vectorised function takes them together. */
const TOGETHER = 64;

/** Functions that call a model with one input at a time, while many wait. */
export function unbatchedCalls(sample: Sample): Candidate[] {
  const { root, config, probes, batchMs } = sample;
  return probes.flatMap(({ step, mostAtOnce, wallMs, syncMs }) => {
    const func = functionOf(step);
    if (func === undefined || mostAtOnce < 2 || wallMs.length < 8) return [];
    if (median(wallMs) < 1 || median(wallMs) < 1.5 * median(syncMs)) return [];
    const obstacle = reader().checkFunction(func);
    const captured = "captured" in obstacle ? obstacle.captured.map(({ name }) => name) : [];
    const single = singleCallOf(func, captured);
    if (single === undefined) return [];
    const { uses } = nodeOf(step) as { uses?: LambdaUses };
    const batched = (): Runnable =>
      RunnableLambda.batched(single.vectorised as never, { name: step.label, maxWaitMs: 0, uses }) as Runnable;
    const { maxConcurrency = Number.POSITIVE_INFINITY } = config;
    const more = maxConcurrency < TOGETHER ? { maxConcurrency: TOGETHER } : {};
    const isPossible = withStep(root, step, batched()) !== undefined;
    return [
      {
        id: "unbatched-calls",
        step,
        evidence: { calls: wallMs.length, "at once": mostAtOnce, "a call, ms": rounded(median(wallMs)) },
        fix: `RunnableLambda.batched(${single.text})${"maxConcurrency" in more ? `, with maxConcurrency: ${TOGETHER}` : ""}`,
        metric: "batch ms",
        variant: isPossible
          ? () => ({ runnable: withStep(root, step, batched())!, config: { ...config, ...more } })
          : undefined,
        reason: isPossible ? undefined : NO_PLACE,
        change: { kind: "batched", func },
        atStakeMs: batchMs * (1 - 1 / Math.min(2 * mostAtOnce, 16)),
      },
    ];
  });
}

/** The share of a step's inputs that must have come before. */
const REPEATED = 0.3;

/** Steps that get the same inputs again and give the same outputs. */
export function repeatedInputs(sample: Sample): Candidate[] {
  return sample.probes.flatMap(({ step, seen, wallMs, runs }) => {
    if (nodeOf(step) === undefined || step.path !== undefined || runs < 10 || median(wallMs) < 1) return [];
    const entries = [...seen.values()];
    const counted = entries.reduce((sum, { count }) => sum + count, 0);
    const share = counted === 0 ? 0 : 1 - entries.length / counted;
    if (share < REPEATED || entries.some(({ differs, output }) => differs || output === "failed")) return [];
    const func = functionOf(step);
    const cached = `.withCache({ maxEntries: ${10 ** Math.ceil(Math.log10(entries.length + 1))} })`;
    return [
      inPlaceOf(sample, step, () => (step as unknown as Runnable).withCache() as unknown as Runnable, {
        id: "repeated-inputs",
        evidence: {
          inputs: counted,
          different: entries.length,
          "repeated, %": Math.round(100 * share),
          "a run, ms": rounded(median(wallMs)),
        },
        fix: `${step.label}${cached}`,
        metric: "batch ms",
        change: func && { kind: "method", func, code: cached },
        atStakeMs: share * wallMs.reduce((sum, ms) => sum + ms, 0),
      }),
    ];
  });
}

/** Whether an error says that there were too many calls. */
function isRefusal(error: unknown): boolean {
  const { status, statusCode, code, headers, response } = (error ?? {}) as Record<string, unknown>;
  const inner = (response ?? {}) as Record<string, unknown>;
  const after = (headers as Record<string, unknown> | undefined)?.["retry-after"];
  return [status, statusCode, code, inner.status].some((one) => Number(one) === 429) || after !== undefined;
}

const MOMENT_MS = 50;

/** Steps that call a service more often than they may, with retries around them that call again each time. */
export function rateLimited(sample: Sample): Candidate[] {
  return sample.probes.flatMap((probe) => {
    const { step, failures, runs } = probe;
    const func = functionOf(step);
    if (func === undefined || hasLimits(sample, step)) return [];
    const refused = failures.filter(isRefusal).length;
    if (refused < 3 || refused < 0.05 * runs) return [];
    const perSecond = Math.max(1, Math.floor(0.8 * answeredPerSecond(probe, sample.batchMs)));
    const limits = { ratePerSecond: perSecond, burst: 1 };
    return [
      inPlaceOf(sample, step, () => (step as unknown as Runnable).withLimits(limits) as unknown as Runnable, {
        id: "rate-limited",
        evidence: { calls: runs, refused, "refused, %": Math.round((100 * refused) / runs) },
        fix: `${step.label}.withLimits({ ratePerSecond: ${perSecond}, burst: 1 }), or what its terms allow`,
        metric: "failed attempts per input",
        change: { kind: "method", func, code: `.withLimits({ ratePerSecond: ${perSecond}, burst: 1 })` },
        atStakeMs: sample.batchMs * (refused / runs),
      }),
    ];
  });
}

/** How many calls were answered in a second while others were refused: as many as may be. */
function answeredPerSecond({ failures, failedAt, endedAt }: StepProbe, batchMs: number): number {
  const refusedAt = failedAt.filter((_, at) => isRefusal(failures[at]));
  const [first, last] = [Math.min(...refusedAt), Math.max(...refusedAt)];
  const between = endedAt.filter((at) => first <= at && at <= last).length;
  // A moment says nothing of a second.
  if (last - first < MOMENT_MS || between < 2) return (endedAt.length * 1000) / Math.max(batchMs, 1);
  return (between * 1000) / (last - first);
}

/** The step inside a binding, a retry, limits or a lane. */
function boundIn(step: Step): Step | undefined {
  const bound = nodeOf(step)?.bound;
  return typeof bound === "object" && bound !== null ? (bound as Step) : undefined;
}

function hasLimits({ probes }: Sample, step: Step): boolean {
  return probes.some(({ step: other }) => nodeOf(other)?.kind === "limited" && boundIn(other) === step);
}

/** Retries of steps that fail every time. */
export function retryStorm(sample: Sample): Candidate[] {
  return sample.probes.flatMap((probe) => {
    const node = nodeOf(probe.step);
    if (node?.kind !== "retry" || node.retryIf !== undefined) return [];
    const attempts = sample.probes.find(({ step }) => step === boundIn(probe.step));
    if (attempts === undefined || attempts.runs < 1.3 * probe.runs) return [];
    const lasting = lastingFailure(probe, attempts, Number(node.maxAttemptNumber ?? 3));
    if (lasting === undefined) return [];
    const { text, worthAnother } = lasting;
    const func = firstFunction(attempts.step);
    return [
      inPlaceOf(sample, probe.step, () => fromNode({ ...node, retryIf: worthAnother }), {
        id: "retry-storm",
        evidence: {
          inputs: probe.runs,
          attempts: attempts.runs,
          "failed for good": probe.failures.length,
          "attempts that failed": attempts.failures.length,
        },
        fix: `withRetry({ retryIf: (error) => ${text} })`,
        metric: "batch ms",
        change: func && { kind: "retryIf", func, condition: text },
        atStakeMs: sample.batchMs * (attempts.failures.length / attempts.runs),
      }),
    ];
  });
}

/** The common part of errors against which no further attempt has helped. */
function lastingFailure(around: StepProbe, attempts: StepProbe, most: number) {
  const kinds: [string, (error: unknown) => unknown][] = [
    ["status", (error) => (error as { status?: unknown } | null)?.status],
    ["code", (error) => (error as { code?: unknown } | null)?.code],
    ["name", (error) => (error as { name?: unknown } | null)?.name],
  ];
  for (const [key, of] of kinds) {
    const final = new Set(
      around.failures.map(of).filter((one) => one !== undefined && one !== "Error" && Number(one) !== 429),
    );
    if (final.size !== 1) continue;
    const [value] = final;
    const failed = attempts.failures.filter((error) => of(error) === value).length;
    const lasted = around.failures.filter((error) => of(error) === value).length;
    if (lasted === 0 || failed !== lasted * most) continue;
    return { text: `error.${key} !== ${JSON.stringify(value)}`, worthAnother: (error: unknown) => of(error) !== value };
  }
  return undefined;
}

/** The share of the largest calls from which on most calls are as large as they may be. */
const FULL = 0.75;

/** Vectorised functions whose calls are smaller than they could be. */
export function chunkSize(sample: Sample): Candidate[] {
  return sample.probes.flatMap(({ step, runs, mostAtOnce, wallMs }) => {
    const node = nodeOf(step);
    const size = Number(node?.maxBatchSize ?? 32);
    if (node?.kind !== "batched" || node.batchSizeOf !== undefined || size > 8) return [];
    // On a busy machine few inputs come at once, and calls are full all the same.
    const isFull = mostAtOnce > size && (step.meanCallSize ?? 0) >= FULL * size;
    if (mostAtOnce < 2 * size && !isFull) return [];
    const larger = Math.min(8 * size, 64);
    const func = firstFunction(step);
    return [
      inPlaceOf(sample, step, () => fromNode({ ...node, maxBatchSize: larger }), {
        id: "chunk-size",
        evidence: {
          inputs: runs,
          maxBatchSize: size,
          "waited at once": mostAtOnce,
          "an input, ms": rounded(median(wallMs)),
        },
        fix: `RunnableLambda.batched(..., { maxBatchSize: ${larger} })`,
        metric: "batch ms",
        change: func && { kind: "batchSize", func, size: larger },
        atStakeMs: sample.batchMs / 2,
      }),
    ];
  });
}
