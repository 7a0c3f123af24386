import type { RunContext } from "./context.ts";
import type { ObservedRun, Observer } from "./observer.ts";
import { raceWithSignal } from "./signal.ts";
import type { Step } from "./step.ts";
import type { Chunks } from "./streams/chunks.ts";
import { streamOf } from "./streams/joins.ts";
import { observeStream } from "./streams/observe-stream.ts";
import { isThenable } from "./thenable.ts";

/** Runs the step that a call was made on. */
export function startCall<Out>(
  step: Step<unknown, Out>,
  input: unknown,
  ctx: RunContext,
  tag?: string,
): Out | PromiseLike<Out> {
  return ctx.observer === null ? step.run(input, ctx) : observe(step, input, ctx, ctx.observer, tag);
}

/**
 * Runs a step inside another one: checked and observed where the context asks for it.
 *
 * @param tag The tag that tells observers the step's place in the one around it, for example `seq:step:1`.
 */
export function startStep<Out>(
  step: Step<unknown, Out>,
  input: unknown,
  ctx: RunContext,
  tag?: string,
): Out | PromiseLike<Out> {
  return ctx.watched ? startWatched(step, input, ctx, tag) : step.run(input, ctx);
}

/** {@link startStep} in a context where something has to be looked at between two steps. */
export function startWatched<Out>(
  step: Step<unknown, Out>,
  input: unknown,
  ctx: RunContext,
  tag?: string,
): Out | PromiseLike<Out> {
  ctx.scope?.check();
  return startCall(step, input, ctx.unnamed(), tag);
}

/** The chunks of the step that a call was made on. */
export function streamCall<Out>(
  step: Step<unknown, Out>,
  chunks: Chunks<unknown>,
  ctx: RunContext,
  tag?: string,
): Chunks<Out> {
  return ctx.observer === null ? streamOf(step, chunks, ctx) : observeStream(step, chunks, ctx, ctx.observer, tag);
}

/** The chunks of a step inside another one. */
export function streamStep<Out>(
  step: Step<unknown, Out>,
  chunks: Chunks<unknown>,
  ctx: RunContext,
  tag?: string,
): Chunks<Out> {
  return ctx.watched ? streamCall(step, chunks, ctx.unnamed(), tag) : streamOf(step, chunks, ctx);
}

function observe<Out>(
  step: Step<unknown, Out>,
  input: unknown,
  ctx: RunContext,
  observer: Observer,
  tag: string | undefined,
): Out | PromiseLike<Out> {
  const run = observer.start(step.observedAs ?? step, input, ctx.settings, tag, false);
  return isThenable(run)
    ? (run as PromiseLike<ObservedRun>).then((started) => runObserved(step, input, ctx, started))
    : runObserved(step, input, ctx, run as ObservedRun);
}

function runObserved<Out>(
  step: Step<unknown, Out>,
  input: unknown,
  ctx: RunContext,
  run: ObservedRun,
): Out | PromiseLike<Out> {
  let out: Out | PromiseLike<Out>;
  try {
    const inner = ctx.observed(run);
    out = run.within === undefined ? step.run(input, inner) : run.within(() => step.run(input, inner));
  } catch (error) {
    return failed(run, error);
  }
  if (!isThenable(out)) return ended(run, out);
  run.returned?.();
  // A run ends with its call, even if its function takes no notice of the signal.
  return raceWithSignal(out as PromiseLike<Out>, ctx.scope?.signal).then(
    (value) => ended(run, value),
    (error) => failed<Out>(run, error),
  );
}

function ended<Out>(run: ObservedRun, out: Out): Out | PromiseLike<Out> {
  const told = run.end(out);
  return told === undefined ? out : told.then(() => out);
}

function failed<Out>(run: ObservedRun, error: unknown): PromiseLike<Out> {
  const told = run.fail(error);
  if (told === undefined) throw error;
  return told.then(() => {
    throw error;
  });
}
