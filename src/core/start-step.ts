import type { RunContext } from "./context.ts";
import type { Step } from "./step.ts";
import { isThenable } from "./thenable.ts";

/** Runs the step that a call was made on. */
export function startCall<Out>(step: Step<unknown, Out>, input: unknown, ctx: RunContext): Out | PromiseLike<Out> {
  return ctx.observer === null ? step.run(input, ctx) : observe(step, input, ctx);
}

/** Runs a step inside another one: checked and observed where the context asks for it. */
export function startStep<Out>(step: Step<unknown, Out>, input: unknown, ctx: RunContext): Out | PromiseLike<Out> {
  return ctx.watched ? startWatched(step, input, ctx) : step.run(input, ctx);
}

/** {@link startStep} in a context where something has to be looked at between two steps. */
export function startWatched<Out>(step: Step<unknown, Out>, input: unknown, ctx: RunContext): Out | PromiseLike<Out> {
  ctx.scope?.check();
  return startCall(step, input, ctx.unnamed());
}

function observe<Out>(step: Step<unknown, Out>, input: unknown, ctx: RunContext): Out | PromiseLike<Out> {
  const run = (ctx.observer as NonNullable<RunContext["observer"]>).start(step, input);
  let out: Out | PromiseLike<Out>;
  try {
    out = step.run(input, ctx.with({ observer: run.observer }));
  } catch (error) {
    run.fail(error);
    throw error;
  }
  if (!isThenable(out)) {
    run.end(out);
    return out;
  }
  return (out as PromiseLike<Out>).then(
    (value) => {
      run.end(value);
      return value;
    },
    (error) => {
      run.fail(error);
      throw error;
    },
  );
}
