import { serialize } from "node:v8";
import { toStep } from "../../../runnables/coerce.ts";
import type { Runnable } from "../../../runnables/runnable.ts";
import type { RunnableInterface } from "../../../runnables/types.ts";
import { firstFunction, nodeOf } from "../../step-place.ts";
import { type Candidate, rounded } from "../candidate.ts";
import { median } from "../prove.ts";
import { withStep } from "../rewrite.ts";
import type { Sample } from "../sample.ts";

/** The time of a step, in milliseconds, below which it is done here before it has arrived elsewhere. */
const TINY_MS = 0.05;

/** Steps on a lane that would be done sooner where they are called: tiny ones, and those whose inputs cost more to copy than to work on. */
export async function lanesThatCost(sample: Sample): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (const { step, inputs, runs, wallMs } of sample.probes) {
    const node = nodeOf(step);
    if (node?.kind !== "onLane" || (step.laneName ?? "loop") === "loop" || inputs.length === 0) continue;
    const bound = node.bound as Runnable;
    const runMs = await timeHere(bound, inputs);
    if (runMs === undefined) continue;
    const { bytes, copyMs } = copying(inputs);
    const isTiny = runMs < TINY_MS;
    if (!isTiny && copyMs < runMs / 2) continue;
    const changed = withStep(sample.root, step, bound);
    const func = firstFunction(step);
    found.push({
      id: isTiny ? "tiny-step-on-lane" : "cloning-cost",
      step: toStep(bound as RunnableInterface),
      evidence: isTiny
        ? { lane: step.laneName ?? "", "a run here, ms": rounded(runMs), "there, ms": rounded(median(wallMs)), runs }
        : {
            lane: step.laneName ?? "",
            "an input, bytes": bytes,
            "copying it, ms": rounded(copyMs),
            "a run, ms": rounded(runMs),
          },
      fix: isTiny
        ? `${step.label} without its lane, or withLane("loop")`
        : `${step.label} without its lane; or transfer(buffer) for what is not needed here any more, or a handle (a path, an id) in place of the data`,
      metric: "batch ms",
      variant: changed && (() => ({ runnable: changed })),
      reason: changed === undefined ? "the step cannot be taken out of what is around it" : undefined,
      change: func && { kind: "noLane", func },
      atStakeMs: sample.batchMs / 2,
    });
  }
  return found;
}

/** The time of a run on this event loop, in milliseconds. */
async function timeHere(step: Runnable, inputs: readonly unknown[]): Promise<number | undefined> {
  try {
    const times: number[] = [];
    for (let round = 0; round < 5; round++) {
      for (const input of inputs) {
        const started = performance.now();
        await step.invoke(input);
        times.push(performance.now() - started);
      }
    }
    return median(times);
  } catch {
    return undefined;
  }
}

function copying(inputs: readonly unknown[]): { bytes: number; copyMs: number } {
  try {
    const times: number[] = [];
    let bytes = 0;
    for (const input of inputs) {
      const started = performance.now();
      bytes = Math.max(bytes, serialize(input).length);
      times.push(performance.now() - started);
    }
    return { bytes, copyMs: 2 * median(times) };
  } catch {
    return { bytes: 0, copyMs: 0 };
  }
}
