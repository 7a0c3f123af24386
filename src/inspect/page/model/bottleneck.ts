import type { InspectorState, LaneView } from "../../state.ts";
import { count, percent, plural } from "./format.ts";
import type { StepView } from "./steps.ts";

/** The step that keeps a chain from being faster, as far as figures tell. */
export interface Bottleneck {
  /** The key of the step. */
  readonly key: string;
  readonly why: string;
}

/** "Now" is the last so many milliseconds. */
const LATELY_MS = 3000;
/** A lane or a loop that is busy for this share of the time has no more to give. */
const FULL = 0.85;
/** A step in which inputs spend less of their time than this holds nobody up. */
const MUCH = 0.4;

/** Where it is narrowest: on a lane that is full while inputs wait, on an event loop that is busy, or else where inputs spend their time. */
export function bottleneckOf(state: InspectorState, steps: readonly StepView[]): Bottleneck | undefined {
  const sinceMs = state.phase === "over" ? 0 : state.elapsedMs - LATELY_MS;
  for (const lane of state.lanes) {
    const step = dearest(steps.filter((step) => step.lane === lane.name));
    const { busy, workers, queued } = lately(lane, sinceMs, state.elapsedMs);
    if (step === undefined || workers < 0.5 || busy < FULL * workers || queued < 1) continue;
    const waiting =
      state.phase === "over" ? `${count(queued)} inputs waited on average` : `${plural(lane.queued, "input")} wait`;
    return { key: step.key, why: `its lane is full: ${waiting}` };
  }
  const { atMs, utilization } = state.loop;
  const looks = utilization.filter((_, at) => atMs[at]! >= sinceMs);
  const busy = looks.reduce((sum, one) => sum + one, 0) / Math.max(1, looks.length);
  const onLoop = steps.filter(({ lane }) => lane === "loop");
  if (busy >= FULL) {
    const holder = onLoop.find(({ name }) => name === state.holders[0]?.step) ?? dearest(onLoop);
    if (holder !== undefined) return { key: holder.key, why: `the event loop is busy for ${percent(busy)}` };
  }
  const most = dearest(steps);
  if (most === undefined || most.share < MUCH || steps.filter(({ row }) => row !== undefined).length < 2)
    return undefined;
  return { key: most.key, why: `${percent(most.share)} of the time` };
}

function dearest(steps: readonly StepView[]): StepView | undefined {
  let most: StepView | undefined;
  for (const step of steps) if ((step.row?.totalMs ?? 0) > (most?.row?.totalMs ?? 0)) most = step;
  return most;
}

/** How full a lane was since then, on average. */
function lately(
  { samples }: LaneView,
  sinceMs: number,
  untilMs: number,
): { busy: number; workers: number; queued: number } {
  const sums = { busy: 0, workers: 0, queued: 0 };
  let totalMs = 0;
  for (const [at, { atMs, busy, workers, queued }] of samples.entries()) {
    const ms = (samples[at + 1]?.atMs ?? untilMs) - Math.max(atMs, sinceMs);
    if (ms <= 0) continue;
    totalMs += ms;
    sums.busy += busy * ms;
    sums.workers += workers * ms;
    sums.queued += queued * ms;
  }
  const mean = (sum: number) => (totalMs === 0 ? 0 : sum / totalMs);
  return { busy: mean(sums.busy), workers: mean(sums.workers), queued: mean(sums.queued) };
}
