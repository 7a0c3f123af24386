import { type Chunks, closeQuietly, join, Whole } from "./chunks.ts";
import { concat } from "./concat.ts";
import type { RunContext } from "./context.ts";
import type { Observer } from "./observer.ts";
import { abortError } from "./signal.ts";
import type { Step } from "./step.ts";

/** What chunks have joined up to so far; nothing, once two of them could not be joined. */
export class Joined {
  value: unknown;
  private joinable = true;

  add(chunk: unknown): void {
    if (!this.joinable) return;
    try {
      this.value = concat(this.value, chunk);
    } catch {
      this.value = undefined;
      this.joinable = false;
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
    const settle = settling(run, undefined);
    yield* settled(step.runStream(chunks, ctx.observed(run)), settle, ctx);
    return;
  }
  const given = trace.stream === "joined" && !(chunks instanceof Whole) ? new Whole(await join(chunks, ctx)) : chunks;
  const known = given instanceof Whole && trace.stream !== "deferred";
  const input = new Joined();
  let arriving: Chunks<unknown> = given;
  if (given instanceof Whole) input.value = given.value;
  else arriving = await recorded(given, input);
  const run = await observer.start(
    step,
    known ? input.value : undefined,
    ctx.config,
    tag,
    known ? "known" : "deferred",
  );
  const settle = settling(run, known ? undefined : input);
  let out: Chunks<Out>;
  try {
    out = step.runStream(arriving, ctx.observed(run));
  } catch (error) {
    await settle.fail(error);
    throw error;
  }
  const tapped = trace.stream === "deferred" && run.tap !== undefined;
  yield* settled(tapped ? tap(out, run.tap as NonNullable<typeof run.tap>) : out, settle, ctx);
}

interface Settling {
  end(output: unknown): Promise<void>;
  fail(error: unknown): Promise<void>;
}

function settling(run: Awaited<ReturnType<Observer["start"]>>, input: Joined | undefined): Settling {
  return {
    async end(output) {
      await run.end(output, input);
    },
    async fail(error) {
      await run.fail(error, input);
    },
  };
}

/** Passes chunks on and reports what became of them. */
async function* settled<Out>(chunks: Chunks<Out>, run: Settling, ctx: RunContext): AsyncGenerator<Out, void> {
  const output = new Joined();
  let open = true;
  try {
    for await (const chunk of chunks) {
      yield chunk;
      output.add(chunk);
    }
    open = false;
  } catch (error) {
    open = false;
    await run.fail(error);
    throw error;
  } finally {
    if (open) {
      const signal = ctx.scope?.signal;
      await (signal?.aborted === true ? run.fail(abortError(signal)) : run.end(output.value));
    }
  }
  await run.end(output.value);
}

/** Waits for the first chunk of an input, and writes down all of them on their way. */
export async function recorded(chunks: AsyncIterable<unknown>, input: Joined): Promise<AsyncIterable<unknown>> {
  const source = chunks[Symbol.asyncIterator]();
  let first: IteratorResult<unknown> | undefined = await source.next();
  if (first.done !== true) input.add(first.value);
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        if (first !== undefined) {
          const result = first;
          first = undefined;
          return result;
        }
        const result = await source.next();
        if (result.done !== true) input.add(result.value);
        return result;
      },
      async return(value) {
        await source.return?.();
        return { done: true, value };
      },
    }),
  };
}

/** Lets observers see chunks; their own iteration may not close the source, so it is closed here. */
async function* tap<Out>(
  chunks: Chunks<Out>,
  through: (chunks: AsyncGenerator<unknown>) => AsyncGenerator<unknown>,
): AsyncGenerator<Out, void> {
  const source = toGenerator(chunks);
  let finished = false;
  try {
    yield* through(source) as AsyncGenerator<Out, void>;
    finished = true;
  } finally {
    if (!finished) closeQuietly(source);
  }
}

async function* toGenerator<Out>(chunks: Chunks<Out>): AsyncGenerator<Out, void> {
  yield* chunks;
}
