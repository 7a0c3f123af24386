import type { Step } from "../../../core/step.ts";
import { toStep } from "../../../runnables/coerce.ts";
import { fromNode, type RunnableNode } from "../../../runnables/registry.ts";
import type { Runnable } from "../../../runnables/runnable.ts";
import type { RunnableInterface } from "../../../runnables/types.ts";
import type { StepFunction } from "../../fix/change.ts";
import { firstFunction, functionOf, nodeOf } from "../../step-place.ts";
import { type Candidate, rounded } from "../candidate.ts";
import type { StepProbe } from "../probe.ts";
import { median, percentile } from "../prove.ts";
import { readKeys } from "../read-keys.ts";
import { withStep } from "../rewrite.ts";
import type { Sample } from "../sample.ts";

/** The wait, in milliseconds, below which a change is not worth it. */
const WAITS_MS = 1;

interface Assign {
  readonly step: Step;
  readonly mapper: Runnable;
  readonly keys: readonly string[];
  readonly steps: Record<string, unknown>;
}

/** Assigns in a row that could wait at the same time: none reads a key that one before it adds. */
export async function serialAwaits(sample: Sample): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (const { step } of sample.probes) {
    const node = nodeOf(step);
    if (node?.kind !== "sequence") continue;
    const steps = node.steps as RunnableInterface[];
    for (let at = 0; at < steps.length; at++) {
      const group = await independentFrom(sample, steps, at);
      if (group.length < 2) continue;
      found.push(serial(sample, step, node, steps, at, group));
      at += group.length - 1;
    }
  }
  return found;
}

/** The assigns from one place on of which none needs another. */
async function independentFrom(sample: Sample, steps: readonly RunnableInterface[], from: number): Promise<Assign[]> {
  const group: Assign[] = [];
  for (const runnable of steps.slice(from)) {
    const assign = assignOf(toStep(runnable));
    const probe = sample.probes.find(({ step }) => step === assign?.step);
    if (assign === undefined || probe === undefined || waitMs(sample, assign.step) < WAITS_MS) break;
    const added = group.flatMap(({ keys }) => keys);
    if (added.length > 0) {
      const read = await readKeys((input) => assign.mapper.invoke(input), probe.inputs.slice(0, 2));
      if (read === undefined || added.some((key) => read.has(key) || assign.keys.includes(key))) break;
    }
    group.push(assign);
  }
  return group;
}

/** How long a step alone waits: what its functions compute before they first wait is no wait. */
function waitMs(sample: Sample, step: Step): number {
  const inside = sample.probes.filter((probe) => isInside(step, probe.step));
  const computeMs = inside.reduce((sum, probe) => sum + sample.singleSyncMs(probe.step), 0);
  const singleMs = sample.singleMs(step);
  return computeMs > singleMs / 2 ? 0 : singleMs;
}

function isInside(outer: Step, inner: Step): boolean {
  return inner.path === undefined && (outer === inner || (outer.path ?? []).some((part) => isInside(part, inner)));
}

function assignOf(step: Step): Assign | undefined {
  const node = nodeOf(step);
  const mapper = node?.kind === "assign" ? (node.mapper as Step) : undefined;
  const steps = mapper && (nodeOf(mapper)?.steps as Record<string, unknown> | undefined);
  return steps && { step, mapper: mapper as unknown as Runnable, keys: Object.keys(steps), steps };
}

function serial(
  sample: Sample,
  sequence: Step,
  node: RunnableNode,
  steps: readonly RunnableInterface[],
  at: number,
  group: readonly Assign[],
): Candidate {
  const waits = group.map(({ step }) => sample.singleMs(step));
  const totalMs = waits.reduce((sum, ms) => sum + ms, 0);
  const keys = group.flatMap((one) => one.keys);
  const mapper = fromNode({ kind: "parallel", steps: Object.assign({}, ...group.map((one) => one.steps)) });
  const merged = fromNode({ kind: "assign", mapper });
  const rest = [...steps.slice(0, at), merged, ...steps.slice(at + group.length)];
  const changed = rest.length === 1 ? merged : fromNode({ ...node, steps: rest });
  const funcs = group.map(({ steps }) => firstFunction(Object.values(steps)[0] as Step));
  const isKnown = (func: StepFunction | undefined): func is StepFunction => func !== undefined;
  const runnable = sequence === (sample.root as unknown) ? changed : withStep(sample.root, sequence, changed);
  return {
    id: "serial-awaits",
    step: group[1]?.step,
    evidence: {
      steps: group.map((one) => one.keys.join(" + ")).join(", then "),
      "waits after each other, ms": rounded(totalMs),
      "the longest alone, ms": rounded(Math.max(...waits)),
    },
    fix: `RunnablePassthrough.assign({ ${keys.join(", ")} }), one in place of ${group.length}: none reads what another adds`,
    metric: "p50 of single calls, ms",
    variant: runnable && (() => ({ runnable })),
    reason: runnable === undefined ? "the sequence cannot be taken out of what is around it" : undefined,
    change: funcs.every(isKnown) ? { kind: "oneAssign", funcs } : undefined,
    atStakeMs: (totalMs - Math.max(...waits)) * sample.inputs.length,
  };
}

/** The share of the processor that may be busy where more inputs at once could still help. */
const MOSTLY_WAITING = 0.7;
/** The factor on the time of a step, when inputs run together, from which on it is crowded. */
const CROWDED = 4;

/** A `maxConcurrency` that is too low for steps that wait, or too high. */
export function concurrency(sample: Sample): Candidate[] {
  const { root, config, inputs, probes, cpuShare, batchMs } = sample;
  const limit = config.maxConcurrency ?? Number.POSITIVE_INFINITY;
  const at = Math.min(limit, inputs.length);
  const withLimit = (maxConcurrency: number) => () => ({ runnable: root, config: { ...config, maxConcurrency } });
  const isWaiting = ({ step, wallMs, syncMs }: StepProbe): boolean =>
    step.path === undefined && functionOf(step) !== undefined && median(wallMs) > 2 * median(syncMs);
  const waiting = probes.filter(isWaiting);
  if (waiting.length === 0) return [];
  const crowding = Math.max(...waiting.map(({ step, wallMs }) => median(wallMs) / Math.max(sample.singleMs(step), 1)));
  const found: Candidate[] = [];
  if (limit < inputs.length && limit <= 64 && crowding < CROWDED) {
    const more = Math.min(4 * limit, 256);
    found.push({
      id: "concurrency-low",
      step: undefined,
      evidence: {
        maxConcurrency: limit,
        "processor busy, %": Math.round(100 * cpuShare),
        "as slow as alone, times": rounded(crowding),
      },
      fix: `maxConcurrency: ${more} (the command: --concurrency ${more})`,
      metric: "batch ms",
      variant: withLimit(more),
      atStakeMs: batchMs * (1 - limit / more),
    });
  }
  if (at >= 16 && crowding >= Math.max(CROWDED, at / 10) && cpuShare < MOSTLY_WAITING) {
    const less = Math.max(2, Math.round(at / Math.min(crowding, 8)));
    const worst = waiting.reduce((a, b) => (median(a.wallMs) > median(b.wallMs) ? a : b));
    found.push({
      id: "concurrency-high",
      step: worst.step,
      evidence: {
        "at once": at,
        "alone, ms": rounded(sample.singleMs(worst.step)),
        "in the batch, ms": rounded(median(worst.wallMs)),
        "p99, ms": rounded(percentile(worst.wallMs, 0.99)),
      },
      fix: `maxConcurrency: ${less} (the command: --concurrency ${less})`,
      metric: "p99 of inputs in the batch, ms",
      variant: withLimit(less),
      atStakeMs: batchMs / 4,
    });
  }
  return found;
}
