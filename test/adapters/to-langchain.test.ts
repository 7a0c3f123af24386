import { InMemoryChatMessageHistory } from "@langchain/core/chat_history";
import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import * as langchain from "@langchain/core/runnables";
import { IterableReadableStream } from "@langchain/core/utils/stream";
import { describe, expect, it } from "vitest";
import { toLangChain } from "../../src/adapters/langchain/index.ts";
import { RunnableGenerator, RunnableLambda, RunnableSequence } from "../../src/index.ts";
import { all, turn } from "../runnables/support.ts";
import { Tree } from "./tree.ts";

const double = RunnableLambda.from((x: number) => x * 2, { name: "double" });
const chain = RunnableSequence.from([(x: number) => x + 1, double], "chain");
const letters = RunnableLambda.from(
  async function* (text: string) {
    for (const letter of text) {
      await turn();
      yield letter;
    }
  },
  { name: "letters" },
);
const shout = RunnableGenerator.from(
  async function* (chunks: AsyncIterable<string>) {
    for await (const chunk of chunks) yield chunk.toUpperCase();
  },
  { name: "shout" },
);

/** LangChain takes objects with a name as they are, and copies the own methods of others. */
const tree = (): Tree => Object.assign(new Tree(), { name: "tree" });
const listening = (...trees: Tree[]): any => ({ callbacks: trees });

describe("toLangChain", () => {
  it("gives an instance of LangChain's class, under the runnable's own name", () => {
    const adapted = toLangChain(chain);
    expect(adapted).toBeInstanceOf(langchain.Runnable);
    expect(langchain.Runnable.isRunnable(adapted)).toBe(true);
    expect([adapted.getName(), adapted.getName("Input")]).toEqual(["chain", "chainInput"]);
    expect(toLangChain(double).name).toBe("double");
    expect(toLangChain(RunnableLambda.from((x) => x)).getName()).toBe("RunnableLambda");
  });

  it("invokes and batches, with one config or one for each input", async () => {
    const adapted = toLangChain(chain);
    expect(await adapted.invoke(1)).toBe(4);
    expect(await adapted.batch([1, 2])).toEqual([4, 6]);
    const user = toLangChain(RunnableLambda.from((_: number, { configurable }) => configurable?.user as string));
    expect(await user.batch([1, 2], [{ configurable: { user: "a" } }, { configurable: { user: "b" } }])).toEqual([
      "a",
      "b",
    ]);
  });

  it("keeps errors in their places with returnExceptions, and else rejects", async () => {
    const picky = RunnableLambda.from((x: number) => {
      if (x === 2) throw new Error("boom");
      return x;
    });
    const adapted = toLangChain(picky);
    expect(await adapted.batch([1, 2], {}, { returnExceptions: true })).toEqual([1, new Error("boom")]);
    await expect(adapted.batch([1, 2])).rejects.toThrow("boom");
    await expect(adapted.invoke(2)).rejects.toThrow("boom");
    await expect(adapted.stream(2)).rejects.toThrow("boom");
  });

  it("streams chunk by chunk, as LangChain's kind of stream", async () => {
    const seen: string[] = [];
    const noting = RunnableLambda.from(async function* (text: string) {
      for (const letter of text) {
        seen.push(`made ${letter}`);
        yield letter;
      }
    });
    const stream = await toLangChain(noting.pipe(shout)).stream("abc");
    expect(stream).toBeInstanceOf(IterableReadableStream);
    for await (const letter of stream) seen.push(`took ${letter}`);
    expect(seen.filter((line) => line.startsWith("took"))).toEqual(["took A", "took B", "took C"]);
    expect(seen.indexOf("took A")).toBeLessThan(seen.indexOf("made c"));
  });

  it("runs finally blocks of a stream that is left", async () => {
    let closed = false;
    const endless = RunnableLambda.from(async function* () {
      try {
        for (;;) {
          await turn();
          yield 1;
        }
      } finally {
        closed = true;
      }
    });
    for await (const _ of await toLangChain(endless).stream(1)) break;
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(closed).toBe(true);
  });

  it("transforms chunks as they come, in the middle of a LangChain sequence", async () => {
    const sequence = langchain.RunnableSequence.from([
      langchain.RunnableLambda.from(async function* (text: string) {
        yield* text;
      } as never),
      toLangChain(shout),
      toLangChain(
        RunnableGenerator.from(async function* (chunks: AsyncIterable<string>) {
          for await (const chunk of chunks) yield `${chunk}!`;
        }),
      ),
    ]);
    expect(await all(await sequence.stream("ab"))).toEqual(["A!", "B!"]);
    async function* source(): AsyncGenerator<string> {
      yield "a";
      yield "b";
    }
    expect(await all(toLangChain(shout).transform(source(), {}))).toEqual(["A", "B"]);
  });

  it.each<[string, (runnable: any, config: object) => Promise<unknown>]>([
    ["invoked", (runnable, config) => runnable.invoke(1, config)],
    ["streamed", async (runnable, config) => all(await runnable.stream(1, config))],
    ["batched", (runnable, config) => runnable.batch([1], config)],
  ])("adds no run of its own to those of the runnable, %s", async (_, drive) => {
    const own = tree();
    await drive(chain, listening(own));
    const adapted = tree();
    await drive(toLangChain(chain), listening(adapted));
    expect(adapted.runs).toEqual(["chain<", "RunnableLambda<chain", "double<chain"]);
    expect([adapted.runs, adapted.ends]).toEqual([own.runs, own.ends]);
    const inside = tree();
    await drive(langchain.RunnableLambda.from((x: number) => x).pipe(toLangChain(chain)), listening(inside));
    expect(inside.runs).toEqual([
      "RunnableSequence<",
      "RunnableLambda<RunnableSequence",
      "chain<RunnableSequence",
      "RunnableLambda<chain",
      "double<chain",
    ]);
  });

  it("has the events of the runnable", async () => {
    const eventsOf = async (runnable: any): Promise<string[]> => {
      const lines: string[] = [];
      for await (const { event, name, tags, data } of runnable.streamEvents("ab", { version: "v2", tags: ["call"] })) {
        lines.push(`${event} ${name} ${tags} ${JSON.stringify(data)}`);
      }
      return lines;
    };
    const events = await eventsOf(toLangChain(letters.pipe(shout)));
    expect(events.toSorted()).toEqual((await eventsOf(letters.pipe(shout))).toSorted());
    expect(events[0]).toBe('on_chain_start RunnableSequence call {"input":"ab"}');
    expect(events.at(-1)).toBe('on_chain_end RunnableSequence call {"output":"AB"}');
  });

  it("aborts with the signal of the call, and hands it on", async () => {
    const signals: AbortSignal[] = [];
    const waiting = RunnableLambda.from((_: number, { signal }) => {
      signals.push(signal as AbortSignal);
      return new Promise<never>(() => {});
    });
    const controller = new AbortController();
    const running = toLangChain(waiting).invoke(1, { signal: controller.signal });
    await turn();
    controller.abort();
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it("draws the runnable", () => {
    const graph = toLangChain(chain).getGraph();
    expect(graph.toJSON()).toEqual(chain.getGraph().toJSON());
    expect(graph.drawMermaid()).toContain("double");
    const inside = langchain.RunnableLambda.from((x: number) => x).pipe(toLangChain(chain));
    expect(Object.values(inside.getGraph().nodes).map(({ name }) => name)).toContain("double");
  });

  it("joins chunks as the runnable does", () => {
    expect(toLangChain(letters)._concatOutputChunks("a", "b")).toBe("ab");
  });
});

describe("what toLangChain gives, where LangChain asks for its class", () => {
  it("is what RunnableEach repeats", async () => {
    expect(await new langchain.RunnableEach({ bound: toLangChain(double) }).invoke([1, 2])).toEqual([2, 4]);
  });

  it("is a fallback, and has fallbacks", async () => {
    const failing = RunnableLambda.from((_: number): number => {
      throw new Error("boom");
    });
    const theirs = langchain.RunnableLambda.from((_: number): number => {
      throw new Error("theirs");
    });
    expect(await theirs.withFallbacks([toLangChain(failing), toLangChain(double)]).invoke(1)).toBe(2);
    expect(
      await toLangChain(failing)
        .withFallbacks([toLangChain(double)])
        .invoke(1),
    ).toBe(2);
  });

  it("is retried, bound and listened to", async () => {
    let calls = 0;
    const flaky = RunnableLambda.from((x: number, { configurable }) => {
      if (calls++ === 0) throw new Error("again");
      return [x, configurable?.user];
    });
    const seen: unknown[] = [];
    const wrapped = toLangChain(flaky)
      .withConfig({ configurable: { user: "Ada" } })
      .withListeners({ onEnd: (run) => void seen.push(run.outputs) });
    await expect(wrapped.invoke(1)).rejects.toThrow("again");
    expect(await wrapped.invoke(1)).toEqual([1, "Ada"]);
    calls = 0;
    const retried = toLangChain(flaky).withRetry({ stopAfterAttempt: 2, onFailedAttempt: () => {} });
    expect((await retried.invoke(2)) as unknown).toEqual([2, undefined]);
    await turn();
    expect(seen).toEqual([{ output: [1, "Ada"] }]);
  });

  it("is a condition and a branch of RunnableBranch", async () => {
    const isBig = RunnableLambda.from((x: number) => x > 10);
    const branch = new langchain.RunnableBranch({
      branches: [[toLangChain(isBig), toLangChain(double)]],
      default: toLangChain(RunnableLambda.from((x: number) => -x)),
    });
    expect(await branch.batch([11, 1])).toEqual([22, -1]);
  });

  it("is remembered by RunnableWithMessageHistory", async () => {
    const history = new InMemoryChatMessageHistory();
    const count = RunnableLambda.from((messages: BaseMessage[]) => new AIMessage(`${messages.length}`));
    const remembering = new langchain.RunnableWithMessageHistory<BaseMessage[], AIMessage>({
      runnable: toLangChain(count),
      getMessageHistory: () => history,
      config: {},
    });
    const session = { configurable: { sessionId: "1" } };
    await remembering.invoke([new HumanMessage("a")], session);
    expect((await remembering.invoke([new HumanMessage("b")], session)).content).toBe("3");
    expect((await history.getMessages()).map(({ content }) => content)).toEqual(["a", "1", "b", "3"]);
  });

  it("is a step of Runlane again", async () => {
    const round = RunnableLambda.from((x: number) => x).pipe(toLangChain(double));
    expect(await round.invoke(2)).toBe(4);
    expect(await all(await letters.pipe(toLangChain(shout)).stream("ab"))).toEqual(["A", "B"]);
  });
});
