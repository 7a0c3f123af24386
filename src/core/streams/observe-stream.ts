import type { RunContext } from "../context.ts";
import type { ObservedRun, Observer } from "../observer.ts";
import { abortError, raceWithSignal } from "../signal.ts";
import type { Step } from "../step.ts";
import { asGenerator, type Chunks, closeQuietly, join, SingleChunk } from "./chunks.ts";
import { Joiner } from "./concat.ts";

/** What chunks have joined up to so far; nothing, once two of them could not be joined. */
export class Joined {
  private joiner: Joiner | null = new Joiner();

  get value(): unknown {
    return this.joiner?.value;
  }

  add(chunk: unknown): void {
    try {
      this.joiner?.add(chunk);
    } catch {
      this.joiner = null;
    }
  }
}

/**
 * The chunks of a step whose run is observed. The run starts when its first input chunk is there, as LangChain's does, and ends
 * with what the chunks joined up to. It also ends when the consumer leaves early.
 */
export async function* observeStream<Out>(
  step: Step<unknown, Out>,
  chunks: Chunks<unknown>,
  ctx: RunContext,
  observer: Observer,
  tag: string | undefined,
): AsyncGenerator<Out, void> {
  const { trace } = step;
  if (trace === undefined) {
    // Without runs of its own it must not wait for its input: whoever is inside does, if need be.
    const run = await observer.start(step, undefined, ctx.config, tag, "known");
    yield* observed(step, chunks, ctx, run, undefined, false);
    return;
  }
  const given =
    trace.stream === "joined" && !(chunks instanceof SingleChunk) ? new SingleChunk(await join(chunks, ctx)) : chunks;
  const known = given instanceof SingleChunk && trace.stream !== "deferred";
  const input = new Joined();
  let arriving: Chunks<unknown> = given;
  let recording: Recording | undefined;
  if (given instanceof SingleChunk) {
    input.add(given.value);
  } else {
    recording = await recorded(given, input);
    arriving = recording;
  }
  try {
    const mode = known ? "known" : "deferred";
    const run = await observer.start(step, known ? input.value : undefined, ctx.config, tag, mode);
    yield* observed(step, arriving, ctx, run, known ? undefined : input, trace.stream === "deferred");
  } finally {
    // A step that does not read its input to the end, or never started, would leave the run before it open.
    await recording?.close();
  }
}

/** Passes the chunks of a run on and reports what became of them. */
async function* observed<Out>(
  step: Step<unknown, Out>,
  chunks: Chunks<unknown>,
  ctx: RunContext,
  run: ObservedRun,
  input: Joined | undefined,
  shown: boolean,
): AsyncGenerator<Out, void> {
  const output = new Joined();
  let open = true;
  try {
    const out = step.runStream(chunks, ctx.observed(run));
    const passed = shown && run.tap !== undefined ? (run.tap(asGenerator(out)) as AsyncGenerator<Out, void>) : out;
    for await (const chunk of ctx.scope === null ? passed : untilAborted(passed, ctx.scope.signal)) {
      output.add(chunk);
      yield chunk;
    }
    open = false;
  } catch (error) {
    open = false;
    await run.fail(error, input);
    throw error;
  } finally {
    if (open) {
      const signal = ctx.scope?.signal;
      await (signal?.aborted === true ? run.fail(abortError(signal), input) : run.end(output.value, input));
    }
  }
  await run.end(output.value, input);
}

/** Chunks until the call is aborted, even if who makes them takes no notice of it. */
async function* untilAborted<Out>(chunks: Chunks<Out>, signal: AbortSignal): AsyncGenerator<Out, void> {
  const source = chunks[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const result = await raceWithSignal(source.next(), signal);
      if (result.done === true) break;
      yield result.value;
    }
    ended = true;
  } catch (error) {
    ended = true;
    closeQuietly(source);
    throw error;
  } finally {
    if (!ended) await source.return?.();
  }
}

/** Chunks that are written down on their way. */
export interface Recording extends AsyncIterable<unknown> {
  /** Closes the source unless it has ended. Waits for that, but not for a chunk that somebody still asks for. */
  close(): Promise<void>;
}

/** Waits for the first chunk of an input, and writes down all of them on their way. */
export async function recorded(chunks: AsyncIterable<unknown>, input: Joined): Promise<Recording> {
  const source = chunks[Symbol.asyncIterator]();
  let first: IteratorResult<unknown> | undefined = await source.next();
  let ended = first.done === true;
  let asked = 0;
  if (first.done !== true) input.add(first.value);
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        if (first !== undefined) {
          const result = first;
          first = undefined;
          return result;
        }
        asked++;
        try {
          const result = await source.next();
          if (result.done === true) ended = true;
          else input.add(result.value);
          return result;
        } catch (error) {
          ended = true;
          throw error;
        } finally {
          asked--;
        }
      },
      async return(value) {
        ended = true;
        await source.return?.();
        return { done: true, value };
      },
    }),
    async close() {
      if (ended) return;
      ended = true;
      if (asked > 0) closeQuietly(source);
      else await source.return?.();
    },
  };
}
