import { describe, invalidOption, runlaneError } from "../../core/errors/errors.ts";
import { coerce, toStep } from "../../runnables/coerce.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import type { RunnableInterface } from "../../runnables/types.ts";
import type { Change } from "../fix/change.ts";
import { placeOfStep } from "../step-place.ts";
import type { Candidate } from "./candidate.ts";
import { difference } from "./compare.ts";
import { chunkSize, rateLimited, repeatedInputs, retryStorm, unbatchedCalls } from "./findings/calls.ts";
import { lanesThatCost } from "./findings/lanes.ts";
import { heldLoop } from "./findings/loop.ts";
import { processWide } from "./findings/process.ts";
import { concurrency, serialAwaits } from "./findings/waits.ts";
import { median, prove, type Trial } from "./prove.ts";
import { type Sample, takeSample } from "./sample.ts";
import { MEASURE, runBatch } from "./trials.ts";
import type { DiagnoseOptions, Diagnosis, Finding, Metric, Proof } from "./types.ts";

/** The number of findings that are reported at most: a page. */
const MOST = 5;
/** The number of inputs below which a sample says little. */
const ENOUGH_INPUTS = 20;
const BUDGET_MS = 45_000;
/** The time of one run of a proof, in milliseconds, where there are inputs enough for it. */
const RUN_MS = 400;
/** The least number of inputs in a run of a proof, if there are so many; half of it where those would take five times that. */
const LEAST_INPUTS = 24;
/** The least number of inputs in a run, where seeing a few of them is enough. */
const FEW_INPUTS = 6;
/** The number of single calls in a run, which depends on how long one takes. */
const [FEW_SINGLES, SINGLES] = [3, 8];
/** The number of rounds in which a fix is measured that takes a process for each measurement. */
const FEW_ROUNDS = 5;
/** The factor on the time of a batch from which on sooner single inputs are not worth it. */
const LONGER = 1.2;

/**
 * Finds out what is slow in a pipeline and proves what would help: it runs a sample with measurement on, and then again with each fix
 * applied, in turns with the pipeline as it is, and compares times and outputs.
 *
 * The sample is run many times: for a pipeline with side effects there is `once`.
 *
 * @param pipeline A runnable, or what can be made one.
 * @param inputs The sample: some hundred inputs that are like the real ones.
 * @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_OPTION
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 * import { diagnose } from "runlane/doctor";
 *
 * const wait = RunnableLambda.from(async (x: number) => new Promise<number>((done) => setTimeout(done, 5, x)));
 * const inputs = Array.from({ length: 40 }, (_, at) => at);
 * const { findings } = await diagnose(wait, inputs, { config: { maxConcurrency: 2 } });
 * console.log(findings[0]?.id, findings[0]?.proof.verdict); // concurrency-low proved
 * ```
 */
export async function diagnose(
  pipeline: unknown,
  inputs: readonly unknown[],
  options: DiagnoseOptions = {},
): Promise<Diagnosis> {
  const { config = {}, budgetMs = BUDGET_MS, once = false } = options;
  if (!Array.isArray(inputs) || inputs.length === 0)
    throw invalidOption("diagnose", "inputs", "an array of at least one input", inputs);
  if (typeof budgetMs !== "number" || !(budgetMs > 0))
    throw invalidOption("diagnose", "budgetMs", "a number above 0", budgetMs);
  if (
    options.compare !== undefined &&
    typeof options.compare !== "function" &&
    !["all", "keys", "none"].includes(options.compare)
  )
    throw runlaneError("RUNLANE_INVALID_OPTION", {
      where: "diagnose",
      option: "compare",
      expected: '"all", "keys", "none" or a function',
      received: describe(options.compare),
    });
  const deadline = performance.now() + budgetMs;
  const root = toStep(coerce(pipeline) as RunnableInterface) as unknown as Runnable;
  const sample = await takeSample(root, inputs, config, budgetMs);
  const notes = notesOf(sample);
  const candidates = await candidatesOf(sample, options);
  const exam = new Exam(sample, deadline, options, notes);
  if (!once) await exam.prepare(candidates.length);
  const findings: Finding[] = [];
  for (const [at, candidate] of candidates.entries()) {
    const proof = once
      ? unproved(candidate, "--once: nothing is run a second time")
      : await exam.prove(candidate, candidates.length - at);
    const finding = findingOf(candidate, proof, root);
    findings.push(finding);
    fixes.set(finding, { change: candidate.change, inputs: exam.inputsFor(proof.metric).length });
  }
  findings.sort(byGain);
  return { findings: findings.slice(0, MOST), tried: triedIn(findings), notes };
}

/** The parts of a finding's fix that a report does not show. */
export interface Fix {
  /** The fix as a change of the source, where it is one. */
  readonly change: Change | undefined;
  /** With how many of the inputs it was proved. */
  readonly inputs: number;
}

const fixes = new WeakMap<Finding, Fix>();

/** The fix of a finding of {@link diagnose}. */
export function fixOf(finding: Finding): Fix {
  return fixes.get(finding)!;
}

async function candidatesOf(sample: Sample, options: DiagnoseOptions): Promise<Candidate[]> {
  const fewer = [...unbatchedCalls(sample), ...repeatedInputs(sample)];
  // What could run less often need not go anywhere yet.
  const held = heldLoop(sample).filter(
    ({ step }) => !fewer.some((other) => other.step === step && other.variant !== undefined),
  );
  const candidates = [
    ...fewer,
    ...held,
    ...(await serialAwaits(sample)),
    ...concurrency(sample),
    ...rateLimited(sample),
    ...retryStorm(sample),
    ...chunkSize(sample),
    ...(await lanesThatCost(sample)),
    ...processWide(sample, options),
  ];
  return candidates.sort((a, b) => b.atStakeMs - a.atStakeMs);
}

function notesOf({ inputs, outputs }: Sample): string[] {
  const notes: string[] = [];
  const failed = outputs.filter((output) => output instanceof Error);
  if (inputs.length < ENOUGH_INPUTS)
    notes.push(`${inputs.length} inputs say little: give ${ENOUGH_INPUTS} or more that are like the real ones`);
  if (failed.length > 0)
    notes.push(
      `${failed.length} of ${inputs.length} inputs failed, the first with: ${String(failed[0]).split("\n", 1)[0]}`,
    );
  return notes;
}

/** Runs candidates against the pipeline as it is. */
class Exam {
  private readonly subset: readonly unknown[];
  /** The number of inputs that run in the time of one run of a proof. */
  private readonly affordable: number;
  private outputs: readonly unknown[] = [];
  /** The reason why nothing can be compared, if there is one. */
  private obstacle: string | undefined;

  constructor(
    private readonly sample: Sample,
    private readonly deadline: number,
    private readonly options: DiagnoseOptions,
    private readonly notes: string[],
  ) {
    const { inputs, batchMs } = sample;
    this.affordable = Math.floor((RUN_MS * inputs.length) / Math.max(batchMs, 1));
    const least = 5 * this.affordable < LEAST_INPUTS ? LEAST_INPUTS / 2 : LEAST_INPUTS;
    this.subset = inputs.slice(0, Math.max(least, this.affordable));
  }

  /** The inputs of one run of a proof. */
  inputsFor(metric: Metric): readonly unknown[] {
    const { subset, affordable } = this;
    if (metric === "p50 of single calls, ms") {
      const singles = Math.floor(RUN_MS / Math.max(this.sample.nextMs, 1));
      return subset.slice(0, Math.min(SINGLES, Math.max(FEW_SINGLES, singles)));
    }
    return metric === "loop delay p99, ms" ? subset.slice(0, Math.max(FEW_INPUTS, affordable)) : subset;
  }

  /** Looks whether the pipeline gives the same outputs twice. */
  async prepare(candidates: number): Promise<void> {
    if (candidates === 0) return;
    const { root, config, outputs } = this.sample;
    const compare = this.options.compare ?? "all";
    this.outputs = await runBatch({ runnable: root, config }, this.subset);
    const differs = difference(outputs.slice(0, this.subset.length), this.outputs, compare);
    if (differs === undefined) return;
    this.obstacle = `${differs} from run to run; say how to compare: --compare keys, none, or a module`;
    this.notes.push(this.obstacle);
  }

  /** @param left The number of candidates that share the time that is left. */
  async prove(candidate: Candidate, left: number): Promise<Proof> {
    const { variant, metric, otherMetric, reason, trials } = candidate;
    if (trials === undefined && variant === undefined) return unproved(candidate, reason);
    if (trials === undefined && this.obstacle !== undefined)
      return { ...unproved(candidate, this.obstacle), verdict: "refused" };
    if (performance.now() > this.deadline) return unproved(candidate, "no time was left: raise the budget");
    if (trials !== undefined) return this.compare(metric, trials, FEW_ROUNDS, left);
    const { root, config } = this.sample;
    const before = { runnable: root, config };
    const change = () => ({ config, ...variant!() });
    let outputs: unknown[];
    try {
      // The first run warms what has to be warm.
      outputs = await runBatch(change(), this.subset);
    } catch (error) {
      return { ...unproved(candidate, `it fails: ${(error as Error).message}`), verdict: "refused" };
    }
    const differs = difference(this.outputs, outputs, this.options.compare ?? "all");
    if (differs !== undefined) return { ...unproved(candidate, differs), verdict: "refused" };
    const by = (metric: Metric): Promise<Proof> => {
      const inputs = this.inputsFor(metric);
      const trials = {
        before: () => MEASURE[metric](before, inputs),
        after: () => MEASURE[metric](change(), inputs),
      };
      return this.compare(metric, trials, undefined, left);
    };
    const proof = await by(metric);
    if (otherMetric !== undefined && proof.verdict === "none" && proof.ratio !== null) {
      const other = await by(otherMetric);
      return other.verdict === "proved" ? other : proof;
    }
    if (proof.verdict === "proved" && metric === "p99 of inputs in the batch, ms") {
      // Fewer at once are sooner through in any case; it must not make the whole batch longer.
      const [times, timesAfter]: [number[], number[]] = [[], []];
      for (let round = 0; round < 3; round++) {
        times.push(await MEASURE["batch ms"](before, this.subset));
        timesAfter.push(await MEASURE["batch ms"](change(), this.subset));
      }
      if (median(timesAfter) > LONGER * median(times)) return unproved(candidate, "the batch takes longer then");
    }
    return proof;
  }

  private async compare(
    metric: Metric,
    trials: { before: Trial; after: Trial },
    rounds: number | undefined,
    left: number,
  ): Promise<Proof> {
    const now = performance.now();
    // Time that one candidate does not need is left to the others. Where there is not enough for all, the first ones get what they need.
    const deadline = now + (this.deadline - now) / left;
    const proof = await prove({ metric, ...trials, deadline, latest: this.deadline, rounds });
    return proof.ratio === null ? { ...proof, reason: `${proof.reason}: raise the budget, or lower the limit` } : proof;
  }
}

function unproved({ metric }: Candidate, reason: string | undefined): Proof {
  return { metric, verdict: "none", ratio: null, low: null, high: null, reason };
}

function findingOf({ id, step, evidence, fix }: Candidate, proof: Proof, root: Runnable): Finding {
  return { id, step: step?.label ?? root.getName(), place: placeOfStep(step), evidence, fix, proof };
}

/** The order of findings: proved ones first, then those that could not be measured, then those that help nothing. */
function byGain(a: Finding, b: Finding): number {
  const rank = ({ proof }: Finding): number => {
    if (proof.verdict === "proved") return proof.ratio as number;
    if (proof.verdict === "refused") return 0.5;
    return proof.verdict === "none" && proof.ratio === null ? 0 : -1;
  };
  return rank(b) - rank(a);
}

const EVERYTHING = [
  "cpu-on-loop",
  "blocking-io",
  "captured-keeps-on-loop",
  "serial-awaits",
  "concurrency-low",
  "concurrency-high",
  "rate-limited",
  "retry-storm",
  "unbatched-calls",
  "repeated-inputs",
  "chunk-size",
  "tiny-step-on-lane",
  "cloning-cost",
  "cold-resource",
  "slow-import",
  "memory-growth",
  "gc-pressure",
  "starved-machine",
] as const;

function triedIn(findings: readonly Finding[]): string[] {
  return EVERYTHING.flatMap((id) => {
    const found = findings.filter((finding) => finding.id === id);
    if (found.length === 0) return [`${id}: nothing found`];
    return found.map(({ step, proof }) => `${id} at ${step}: ${verdictText(proof)}`);
  });
}

/** A verdict in words. */
export function verdictText({ verdict, ratio, low, high, reason }: Proof): string {
  const figures = ratio === null ? "" : ` ${times(ratio)} (${figure(low!)}-${figure(high!)})`;
  if (verdict === "proved") return `proved${figures}`;
  if (verdict === "harmful") return `harmful${figures}`;
  if (verdict === "refused") return `refused: ${reason}`;
  return ratio === null ? `not proved: ${reason}` : `no gain measured,${figures}`;
}

function times(ratio: number): string {
  return `${figure(ratio)}x`;
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}
