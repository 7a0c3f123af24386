import { afterAll, describe, expect, it } from "vitest";
import {
  processes,
  RunnableBranch,
  RunnableGenerator,
  type RunnableInterface,
  RunnableLambda,
  RunnableMap,
  RunnablePassthrough,
  RunnablePick,
  RunnableSequence,
  threads,
} from "../../src/index.ts";

const pools = { thread: threads({ max: 1, execArgv: [] }), process: processes({ max: 1, execArgv: [] }) };
afterAll(() => Promise.all(Object.values(pools).map((pool) => pool.close())));

const upper = RunnableLambda.from((text: string) => text.toUpperCase(), { name: "upper" } as never);
const letters = function* (text: string) {
  yield* text;
};
const split = RunnableLambda.from(letters, { name: "split" } as never);
const fails = RunnableLambda.from(function fails(): string {
  throw new RangeError("no");
});

const STEPS: [string, any, unknown][] = [
  ["a function", upper, "ab"],
  ["a function that gives an object", RunnableLambda.from((text: string) => ({ text })), "ab"],
  ["a function that promises", RunnableLambda.from(async (text: string) => `${text}!`), "ab"],
  ["a function that fails", fails, "ab"],
  ["a generator function", split, "ab"],
  [
    "an async generator function",
    RunnableLambda.from(async function* twice(text: string) {
      yield text;
      yield text;
    }),
    "ab",
  ],
  [
    "a generator that fails late",
    RunnableLambda.from(function* late() {
      yield "x";
      throw new RangeError("late");
    }),
    "ab",
  ],
  [
    "a RunnableGenerator",
    RunnableGenerator.from(async function* dots(chunks: AsyncIterable<string>) {
      for await (const chunk of chunks) yield `${chunk}.`;
    }),
    "ab",
  ],
  ["a step with tags and metadata", upper.withConfig({ tags: ["own"], metadata: { own: 1 } }), "ab"],
  ["a step with a run name", upper.withConfig({ runName: "other" }), "ab"],
  ["a bound generator function", split.withConfig({ tags: ["own"] }).withConfig({ metadata: { own: 1 } }), "ab"],
  ["a bound step that fails", fails.withConfig({ tags: ["own"] }), "ab"],
  ["a sequence", RunnableSequence.from([upper, split]), "ab"],
  ["a passthrough", new RunnablePassthrough(), { a: 1 }],
  ["a pick", new RunnablePick("a"), { a: 1, b: 2 }],
  ["a parallel", RunnableMap.from({ up: upper }), "ab"],
  ["a branch", RunnableBranch.from([[(text: string) => text === "ab", upper], split]), "ab"],
  ["a retry", upper.withRetry({ stopAfterAttempt: 2 }), "ab"],
  ["fallbacks", fails.withFallbacks([upper]), "ab"],
];

/** What is told of the first run, or of the run of the second step in a sequence. */
async function told(step: RunnableInterface, input: unknown, isInside: boolean, version: "v1" | "v2") {
  const inside = RunnableSequence.from([new RunnablePassthrough(), step, new RunnablePassthrough()]);
  const chain = (isInside ? inside : step) as typeof inside;
  const events: { event: string; name: string; run_id: string; tags?: string[]; data: unknown; metadata?: object }[] =
    [];
  try {
    for await (const event of chain.streamEvents(input, { version })) events.push(event as never);
  } catch (error) {
    events.push({ event: "thrown", name: "", run_id: events[0]?.run_id ?? "", data: String(error) });
  }
  const run = isInside ? events.find(({ tags }) => tags?.includes("seq:step:2"))?.run_id : events[0]?.run_id;
  return events
    .filter(({ run_id }) => run_id === run)
    .map(({ event, name, tags, data, metadata }) => ({ event, name, tags, data, metadata }));
}

describe.each(Object.entries(pools))("of a step on the lane %s", (_, lane) => {
  it.each(STEPS)("the same is told as without a lane: %s", async (_, step, input) => {
    for (const isInside of [false, true])
      for (const version of ["v2", "v1"] as const)
        expect(await told(step.withLane(lane), input, isInside, version)).toEqual(
          await told(step, input, isInside, version),
        );
  });

  it("the same is seen of its config as without a lane", async () => {
    const seen = RunnableLambda.from((_: string, { tags, metadata, configurable, limit }) => [
      tags,
      metadata,
      configurable,
      limit,
    ])
      .bind({ limit: 3 } as object)
      .withConfig({ tags: ["own"], metadata: { own: 1 }, configurable: { a: 1 } });
    const given = { tags: ["given"], configurable: { b: 2 } };
    const here = await seen.invoke("x", given);
    const events: unknown[] = [];
    const callbacks = [{ handleChainEnd: (output: unknown) => void events.push(output) }];
    expect(await seen.withLane(lane).invoke("x", given)).toEqual(here);
    expect(await seen.withLane(lane).invoke("x", { ...given, callbacks })).toEqual(here);
    expect(events).toHaveLength(1);
  });

  it("chunks are told as they come", async () => {
    const events: unknown[] = [];
    const chain = split.withLane(lane).pipe(new RunnablePassthrough());
    for await (const { event, name, data } of chain.streamEvents("ab", { version: "v2" }))
      if (name === "split") events.push([event, data.chunk ?? data.output]);
    expect(events).toEqual([
      ["on_chain_start", undefined],
      ["on_chain_stream", "a"],
      ["on_chain_stream", "b"],
      ["on_chain_end", "ab"],
    ]);
  });
});
