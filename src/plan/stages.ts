import type { Step } from "../core/step.ts";

/** Makes one step of several that follow each other. */
type Compose = (steps: readonly Step[]) => Step;

/** Steps that follow each other, with neighbours on one lane made one: so inputs need not come back from the worker in between. */
export function fuse(path: readonly Step[]): readonly Step[] {
  const fused: Step[] = [];
  for (const step of path) {
    const last = fused.at(-1);
    const both = last?.fuse?.(step);
    if (both === undefined) fused.push(step);
    else fused[fused.length - 1] = both;
  }
  return fused.length === path.length ? path : fused;
}

/**
 * The stages of steps that follow each other: each lane is one, and the steps on the event loop between two lanes are one.
 * Undefined where no step has a lane.
 */
export function stagesOf(path: readonly Step[], compose: Compose): readonly Step[] | undefined {
  const flat = path.flatMap((step) => step.stages ?? [step]);
  if (!flat.some(takesMany)) return undefined;
  const stages: Step[] = [];
  let onLoop: Step[] = [];
  const close = (): void => {
    if (onLoop.length > 0) stages.push(onLoop.length === 1 ? onLoop[0]! : compose(onLoop));
    onLoop = [];
  };
  for (const step of fuse(flat)) {
    if (takesMany(step)) {
      close();
      stages.push(step);
    } else {
      onLoop.push(step);
    }
  }
  close();
  return stages;
}

function takesMany(step: Step): boolean {
  return step.openFeed !== undefined && step.stages !== undefined;
}
