import { type Candidate, rounded } from "../candidate.ts";
import { median } from "../prove.ts";
import type { Sample } from "../sample.ts";
import type { DiagnoseOptions } from "../types.ts";

/** Findings about the whole process, which cannot be changed and tried in it. */
export function processWide(sample: Sample, { importMs, firstCall }: DiagnoseOptions): Candidate[] {
  return [
    ...coldStart(sample, firstCall),
    ...slowImport(sample, importMs),
    ...memoryGrowth(sample),
    ...gcPressure(sample),
    ...starvedMachine(sample),
  ];
}

/** The extra time of the first call, in milliseconds, from which on it is worth a word. */
const COLD_MS = 100;
/** The factor on the time of the next calls from which on the first one is cold, where no resource says so. */
const COLD = 5;
/** The share of the time of a call from which on the loads of its resources are worth a word. */
const COLD_SHARE = 0.3;

function coldStart({ firstMs, nextMs, loadMs, root }: Sample, firstCall: DiagnoseOptions["firstCall"]): Candidate[] {
  const coldMs = firstMs - nextMs;
  // On a busy machine the next calls take long, too.
  const isLoading = loadMs >= Math.max(COLD_MS, COLD_SHARE * nextMs);
  if (!isLoading && (coldMs < COLD_MS || firstMs < COLD * nextMs)) return [];
  const resources = root.resources().filter(({ loads }) => Number(loads) > 0);
  const isKnown = resources.length > 0 && firstCall !== undefined;
  return [
    {
      change: resources.length > 0 ? { kind: "warm" } : undefined,
      trials: isKnown ? { before: () => firstCall(false), after: () => firstCall(true) } : undefined,
      id: "cold-resource",
      step: undefined,
      evidence: {
        "first call, ms": rounded(firstMs),
        "next calls, ms": rounded(nextMs),
        ...(loadMs > 0 && { "loading, ms": rounded(loadMs) }),
      },
      fix:
        resources.length > 0
          ? "await pipeline.warm() before the first call, where it is exported for example (the command: --warm)"
          : 'const model = resource("model", load), uses: { model }, and await pipeline.warm() before the first call',
      metric: "time to the first output, ms",
      variant: undefined,
      reason: "it happens once in a process; measure with: runlane coldstart",
      atStakeMs: Math.max(coldMs, loadMs),
    },
  ];
}

const SLOW_IMPORT_MS = 500;

function slowImport(_sample: Sample, importMs = 0): Candidate[] {
  if (importMs < SLOW_IMPORT_MS) return [];
  return [
    {
      id: "slow-import",
      step: undefined,
      evidence: { "loading the module, ms": rounded(importMs) },
      fix: 'const heavy = resource("heavy", () => import("heavy-package")): what is not imported at the top is loaded when it is used',
      metric: "time to the first output, ms",
      variant: undefined,
      reason: "it happens once in a process; measure with: runlane coldstart",
      atStakeMs: importMs,
    },
  ];
}

/** The memory that an input may leave behind, in bytes. */
const KEPT_BYTES = 20_000;

function memoryGrowth({ keptBytes, inputs }: Sample): Candidate[] {
  const perInput = keptBytes / inputs.length;
  if (perInput < KEPT_BYTES || inputs.length < 20) return [];
  return [
    {
      id: "memory-growth",
      step: undefined,
      evidence: { "kept per 1,000 inputs, MB": rounded(perInput / 1000) },
      fix: "look for what collects inputs or outputs (a Map without a limit, a list in a closure); take outputs from batchStream as they come",
      metric: "batch ms",
      variant: undefined,
      reason: "what keeps it is not known",
      atStakeMs: 0,
    },
  ];
}

/** The share of a batch's time from which on collecting garbage is worth a word, and the least time that says something, in milliseconds. */
const [GC_SHARE, GC_MS] = [0.1, 100];

function gcPressure({ gcShare, batchMs }: Sample): Candidate[] {
  if (gcShare < GC_SHARE || batchMs < GC_MS) return [];
  return [
    {
      id: "gc-pressure",
      step: undefined,
      evidence: { "collecting garbage, %": Math.round(100 * gcShare) },
      fix: "make fewer or smaller objects per input; a larger young generation: node --max-semi-space-size=64",
      metric: "batch ms",
      variant: undefined,
      reason: "an option of the process; measure with: node --max-semi-space-size=64",
      atStakeMs: gcShare * batchMs,
    },
  ];
}

function starvedMachine({ starvedShare, probes }: Sample): Candidate[] {
  if (starvedShare < 0.3) return [];
  const busiest = Math.max(...probes.map(({ wallMs }) => median(wallMs)));
  return [
    {
      id: "starved-machine",
      step: undefined,
      evidence: { "waited for a core, %": Math.round(100 * starvedShare), "the slowest step, ms": rounded(busiest) },
      fix: "no change of code: fewer processes beside this one, or more cores",
      metric: "batch ms",
      variant: undefined,
      reason: "it is not the code",
      atStakeMs: 0,
    },
  ];
}
