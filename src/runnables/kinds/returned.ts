import { iterateWithin, storage } from "../../core/ambient.ts";
import type { RunContext } from "../../core/context.ts";
import { runlaneError } from "../../core/errors/errors.ts";
import { startStep, streamStep } from "../../core/start-step.ts";
import type { Step } from "../../core/step.ts";
import { type Chunked, type Chunks, collect, isChunked, SingleChunk, toChunks } from "../../core/streams/chunks.ts";
import { openedOnFreshStack, STEPS_PER_STACK } from "../../core/streams/fresh-stack.ts";
import { isRunnable, toStep } from "../coerce.ts";

/** The lambda whose function returned something, as errors name it. */
type Returning = { readonly label: string };

/** Runs what an object that a function returned stands for: a runnable's output, joined chunks, or the object itself. */
export function runReturned<Out>(
  value: object,
  input: unknown,
  ctx: RunContext,
  lambda: Returning,
): Out | PromiseLike<Out> {
  if (isRunnable(value)) {
    const inner = deeper(ctx, lambda);
    if (!needsStack(inner)) return startStep(toStep(value) as Step<unknown, Out>, input, inner);
    return Promise.resolve().then(() => startStep(toStep(value) as Step<unknown, Out>, input, inner));
  }
  if (isChunked(value)) return collect(within(value as Chunked<Out>, ctx), ctx);
  return value as Out;
}

/** The chunks of what a function returned. */
export function streamReturned<Out>(value: unknown, input: unknown, ctx: RunContext, lambda: Returning): Chunks<Out> {
  if (typeof value === "object" && value !== null) {
    if (isRunnable(value)) {
      const inner = deeper(ctx, lambda);
      const open = (): Chunks<Out> => streamStep(toStep(value), new SingleChunk(input), inner) as Chunks<Out>;
      return needsStack(inner) ? openedOnFreshStack(open) : open();
    }
    if (isChunked(value)) return toChunks(within(value as Chunked<Out>, ctx));
  }
  return new SingleChunk(value as Out);
}

/** A generator's code runs when its chunks are asked for, and inherits the config of the run then too. */
function within<Out>(source: Chunked<Out>, ctx: RunContext): Chunked<Out> {
  return ctx.propagates && storage() !== undefined ? iterateWithin(ctx.functionConfig, toChunks(source)) : source;
}

/** The context of a runnable that a function returned. @throws RUNLANE_RECURSION_LIMIT */
function deeper(ctx: RunContext, lambda: Returning): RunContext {
  if (ctx.recursionLimit <= 0) throw runlaneError("RUNLANE_RECURSION_LIMIT", { where: lambda.label });
  return ctx.descend();
}

/** Whether a returned runnable must begin on an empty stack: functions may go on returning runnables as often as the limit says. */
function needsStack({ recursionLimit }: RunContext): boolean {
  return recursionLimit % STEPS_PER_STACK === STEPS_PER_STACK - 1;
}
