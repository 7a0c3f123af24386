import type { RunContext } from "../context.ts";
import type { ObservedRun, Observer } from "../observer.ts";
import { abortError } from "../signal.ts";
import type { Step } from "../step.ts";
import { isThenable } from "../thenable.ts";
import { type Chunks, join, SingleChunk } from "./chunks.ts";
import { streamOf } from "./joins.ts";
import { isKnown, LastChunk, wholeOf } from "./last-chunk.ts";
import { ObservedStream, type OpenRun } from "./observed-stream.ts";
import { Joined, type Recording, recorded } from "./recording.ts";

type Input = { readonly value: unknown } | undefined;

/**
 * The chunks of a step whose run is observed. The run starts when its first input chunk is there, as LangChain's does, and ends
 * with what the chunks joined up to. It also ends when the consumer leaves early.
 */
export function observeStream<Out>(
  step: Step<unknown, Out>,
  chunks: Chunks<unknown>,
  ctx: RunContext,
  observer: Observer,
  tag: string | undefined,
): Chunks<Out> {
  if (isKnown(chunks) && ctx.scope?.signal.aborted !== true && observer.isBehind !== true)
    return observeNow(step, chunks, ctx, observer, tag);
  return new ObservedStream(ctx, chunks, () => open(step, chunks, ctx, observer, tag));
}

/** Starts a run whose input is there. Output that it gives at once is passed on at once: no generator, no promise. */
function observeNow<Out>(
  step: Step<unknown, Out>,
  chunks: SingleChunk<unknown> | LastChunk<unknown>,
  ctx: RunContext,
  observer: Observer,
  tag: string | undefined,
): Chunks<Out> {
  const { trace } = step;
  const given = trace?.stream === "joined" ? wholeOf(chunks) : chunks;
  // Somebody is waited for who hears that the run before has ended.
  if (given === undefined) return new ObservedStream(ctx, chunks, () => open(step, chunks, ctx, observer, tag));
  const isKnown = trace === undefined || (given instanceof SingleChunk && trace.stream !== "deferred");
  const value = trace !== undefined && isKnown ? given.value : undefined;
  const input = isKnown ? undefined : given;
  const run = observer.start(step.observedAs ?? step, value, ctx.settings, tag, isKnown ? "known" : "deferred");
  if (isThenable(run))
    return new ObservedStream(ctx, given, async () => begin(step, given, ctx, (await run) as ObservedRun, input, null));
  return runNow(step, given, ctx, run as ObservedRun, input);
}

function runNow<Out>(
  step: Step<unknown, Out>,
  chunks: SingleChunk<unknown> | LastChunk<unknown>,
  ctx: RunContext,
  run: ObservedRun,
  input: Input,
): Chunks<Out> {
  let out: Chunks<Out>;
  try {
    out = streamWithin(run, step, chunks, ctx);
  } catch (error) {
    return failing(run.fail(error, input), error);
  }
  if (run.isShared === true && chunks instanceof SingleChunk) return out;
  const isShown = step.trace?.stream === "deferred";
  if (!isKnown(out) || (isShown && run.tap !== undefined)) {
    const opened = { chunks: out, run, input, isShown, recording: null };
    return new ObservedStream(ctx, chunks, opened);
  }
  if (isShown) run.see?.(out.value);
  return new LastOfRun(run, out, chunks, ctx.scope?.signal, input);
}

/** The one chunk of a run, which ends when it has been read. */
class LastOfRun<Out> extends LastChunk<Out> {
  /**
   * @param inner The chunk, as it comes from inside the run.
   * @param before What the run was given.
   */
  constructor(
    private readonly run: ObservedRun,
    private readonly inner: SingleChunk<Out> | LastChunk<Out>,
    private readonly before: SingleChunk<unknown> | LastChunk<unknown>,
    private readonly signal: AbortSignal | undefined,
    private readonly input: Input,
  ) {
    super(inner.value);
  }

  protected override end(wasRead: boolean): undefined | PromiseLike<unknown> {
    const inner = this.inner instanceof LastChunk ? this.inner.finish(wasRead) : undefined;
    // A step that takes no notice of the end of its input would leave the run before it open.
    const before = this.before instanceof LastChunk ? this.before.finish(false) : undefined;
    return inner === undefined && before === undefined
      ? this.tell()
      : Promise.all([inner, before]).then(() => this.tell());
  }

  private tell(): undefined | PromiseLike<unknown> {
    const { run, signal, input } = this;
    return signal?.aborted === true ? run.fail(abortError(signal), input) : run.end(this.value, input);
  }
}

function streamWithin<Out>(
  run: ObservedRun,
  step: Step<unknown, Out>,
  chunks: Chunks<unknown>,
  ctx: RunContext,
): Chunks<Out> {
  const inner = ctx.observed(run);
  return run.within === undefined ? streamOf(step, chunks, inner) : run.within(() => streamOf(step, chunks, inner));
}

/** Chunks that fail when they are asked for, as those of a generator do. */
function failing(told: undefined | PromiseLike<unknown>, error: unknown): AsyncIterable<never> {
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        await told;
        throw error;
      },
    }),
  };
}

/** Waits for the input as far as the step needs it to start. */
async function open<Out>(
  step: Step<unknown, Out>,
  chunks: Chunks<unknown>,
  ctx: RunContext,
  observer: Observer,
  tag: string | undefined,
): Promise<OpenRun<Out>> {
  const { trace } = step;
  if (trace === undefined) {
    // Without runs of its own it must not wait for its input: whoever is inside does, if need be.
    const run = await observer.start(step.observedAs ?? step, undefined, ctx.settings, tag, "known");
    return begin(step, chunks, ctx, run, undefined, null);
  }
  const given =
    trace.stream === "joined" && !(chunks instanceof SingleChunk) ? new SingleChunk(await join(chunks, ctx)) : chunks;
  const isKnown = given instanceof SingleChunk && trace.stream !== "deferred";
  const input = Joined.of(chunks);
  let recording: Recording | null = null;
  if (given instanceof SingleChunk) input.add(given.value);
  else recording = await recorded(given, input);
  try {
    const mode = isKnown ? "known" : "deferred";
    const run = await observer.start(
      step.observedAs ?? step,
      isKnown ? input.value : undefined,
      ctx.settings,
      tag,
      mode,
    );
    return await begin(step, recording ?? given, ctx, run, isKnown ? undefined : input, recording);
  } catch (error) {
    // A step that never started would leave the run before it open.
    await recording?.close();
    throw error;
  }
}

async function begin<Out>(
  step: Step<unknown, Out>,
  chunks: Chunks<unknown>,
  ctx: RunContext,
  run: ObservedRun,
  input: Input,
  recording: Recording | null,
): Promise<OpenRun<Out>> {
  try {
    const out = streamWithin(run, step, chunks, ctx);
    return { chunks: out, run, input, isShown: step.trace?.stream === "deferred", recording };
  } catch (error) {
    await run.fail(error, input);
    throw error;
  }
}
