import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import {
  awaitAllCallbacks,
  dispatchCustomEvent,
  type EventFilter,
  type Runnable,
  RunnableGenerator,
  RunnableLambda,
  RunnableParallel,
  RunnableSequence,
  type StreamEvent,
} from "../../src/index.ts";
import { all, defer } from "../runnables/support.ts";
import { recorder, settle } from "./support.ts";

const v2 = { version: "v2" } as const;
const add = RunnableLambda.from((x: number) => x + 1, { name: "add" });
const letters = RunnableLambda.from(
  function* (text: string) {
    yield* text;
  },
  { name: "letters" },
);
const failing = RunnableLambda.from(
  (): number => {
    throw new TypeError("boom");
  },
  { name: "failing" },
);

/** The events of a run, and the error that the reader got. */
async function eventsOf(
  runnable: Runnable,
  input: unknown,
  options: object = {},
  filter?: EventFilter,
): Promise<{ events: StreamEvent[]; lines: string[]; error: unknown }> {
  const events: StreamEvent[] = [];
  let error: unknown;
  try {
    for await (const event of runnable.streamEvents(input, { ...v2, ...options }, filter)) events.push(event);
  } catch (thrown) {
    error = thrown;
  }
  return { events, lines: events.map(({ event, name }) => `${event.replace("on_chain_", "")} ${name}`), error };
}

describe("parent_ids", () => {
  it("are not there unless somebody asks for them, so that events are those of LangChain", async () => {
    const { events } = await eventsOf(add.pipe(add), 1);
    expect(events.filter((event) => "parent_ids" in event)).toEqual([]);
  });

  it("are the ids of the runs around, from the outermost in", async () => {
    const innermost = add.withConfig({ runName: "innermost" });
    const inner = RunnableSequence.from([add, (x: number, config: object) => innermost.invoke(x, config)], "inner");
    const chain = RunnableSequence.from([add, RunnableParallel.from({ inner })], "root");
    const { events } = await eventsOf(chain, 1, {}, { includeParentIds: true });
    const names = new Map(events.map(({ run_id, name }) => [run_id, name]));
    const paths = new Set(
      events.map((event) => [...event.parent_ids!.map((id) => names.get(id)), event.name].join("/")),
    );
    const within = "root/RunnableMap/inner";
    expect(paths).toEqual(
      new Set([
        "root",
        "root/add",
        "root/RunnableMap",
        within,
        `${within}/add`,
        `${within}/RunnableLambda`,
        `${within}/RunnableLambda/innermost`,
      ]),
    );
  });

  it("are the same on all events of a run", async () => {
    const { events } = await eventsOf(letters.pipe(letters), "ab", {}, { includeParentIds: true });
    for (const run of new Set(events.map(({ run_id }) => run_id))) {
      const lists = events.filter(({ run_id }) => run_id === run).map(({ parent_ids }) => parent_ids);
      expect(new Set(lists.map((list) => JSON.stringify(list))).size).toBe(1);
    }
  });
});

describe("a failing run", () => {
  it("reports the error of the step and of the whole, and throws it after the reported events", async () => {
    const { lines, events, error } = await eventsOf(RunnableSequence.from([add, failing, add], "chain"), 1);
    expect(lines).toEqual([
      "start chain",
      "start add",
      "stream add",
      "start failing",
      "end add",
      "error failing",
      "error chain",
    ]);
    expect(error).toBeInstanceOf(TypeError);
    expect(events.at(-2)?.data).toEqual({ error, input: 2 });
    expect(events.at(-1)?.data.error).toBe(error);
  });

  it("reports what was streamed before", async () => {
    const halfway = RunnableLambda.from(
      async function* () {
        yield "a";
        yield "b";
        throw new Error("boom");
      },
      { name: "halfway" },
    );
    const { lines, error } = await eventsOf(halfway, 1);
    expect(lines).toEqual(["start halfway", "stream halfway", "stream halfway", "error halfway"]);
    expect(error).toEqual(new Error("boom"));
  });

  it("reports errors of steps that something catches, and goes on", async () => {
    const chain = RunnableLambda.from(async (x: number, config) => failing.invoke(x, config).catch(() => "caught"));
    const { lines, events, error } = await eventsOf(chain, 1);
    expect(error).toBeUndefined();
    expect(lines).toContain("error failing");
    expect(events.at(-1)).toMatchObject({ event: "on_chain_end", data: { output: "caught" } });
  });

  it("reports no errors when they are not wanted", async () => {
    const { lines, error } = await eventsOf(add.pipe(failing), 1, {}, { excludeEvents: ["on_chain_error"] });
    expect(lines.filter((line) => line.startsWith("error"))).toEqual([]);
    expect(error).toBeInstanceOf(TypeError);
  });

  it("is told of by what fails before its first event too", async () => {
    const { events, error } = await eventsOf(add, 1, { timeout: -1 });
    expect(events).toEqual([]);
    expect(error).toMatchObject({ code: "RUNLANE_INVALID_CONFIG" });
  });
});

describe("filters", () => {
  const named = RunnableSequence.from(
    [
      RunnableLambda.from((text: string) => text.toUpperCase()).withConfig({ runName: "Upper", tags: ["one"] }),
      letters.withConfig({ runName: "Letters", tags: ["two"] }),
    ],
    "Root",
  );
  const cases: [EventFilter, string[]][] = [
    [{}, ["Root", "Upper", "Letters"]],
    [{ includeNames: ["Upper"] }, ["Upper"]],
    [{ includeNames: ["Root"] }, ["Root"]],
    [{ includeTags: ["two"] }, ["Letters"]],
    [{ includeTypes: ["chain"] }, ["Root", "Upper", "Letters"]],
    [{ includeTypes: ["tool"] }, []],
    [{ includeNames: ["Upper"], includeTags: ["two"] }, ["Upper", "Letters"]],
    [{ includeNames: ["Upper", "Letters"], excludeTags: ["two"] }, ["Upper"]],
    [{ excludeNames: ["Root"] }, ["Upper", "Letters"]],
    [{ excludeTags: ["one"] }, ["Root", "Letters"]],
    [{ excludeTypes: ["chain"] }, []],
    [{ includeNames: [] }, []],
  ];

  it.each(cases)("%o let through what they name", async (filter, names) => {
    const { events, error } = await eventsOf(named, "ab", {}, filter);
    expect(error).toBeUndefined();
    expect([...new Set(events.map(({ name }) => name))]).toEqual(names);
  });

  it("take events out by kind", async () => {
    const { lines } = await eventsOf(named, "ab", {}, { excludeEvents: ["on_chain_stream", "on_chain_start"] });
    expect(lines).toEqual(["end Upper", "end Letters", "end Root"]);
  });

  it("that take out the root leave the input of the call on the first event", async () => {
    const { events } = await eventsOf(named, "ab", {}, { excludeNames: ["Root"] });
    expect(events.filter(({ event }) => event === "on_chain_start").map(({ data }) => data)).toEqual([
      { input: "ab" },
      {},
    ]);
    const ends = events.filter(({ event }) => event === "on_chain_end");
    expect(ends.map(({ data }) => data)).toEqual([{ output: "AB" }, { input: "AB", output: "AB" }]);
  });

  it("leave the payload of a custom event as it is, first or not", async () => {
    const payload = { x: 1 };
    const lambda = RunnableLambda.from((_: unknown, config) => dispatchCustomEvent("ping", payload, config));
    const { events } = await eventsOf(lambda, 1, {}, { excludeEvents: ["on_chain_start"] });
    expect(events[0]).toMatchObject({ name: "ping", data: { x: 1 } });
    expect(payload).toEqual({ x: 1 });
  });

  it("leave runs out, and nothing of what these call", async () => {
    const inner = RunnableLambda.from((x: number) => x + 1, { name: "inner" });
    const outer = RunnableLambda.from(
      async (x: number, config) => {
        await dispatchCustomEvent("ping", x, config);
        return inner.invoke(x, config);
      },
      { name: "outer" },
    );
    const tagged = add.withConfig({ tags: ["t"], metadata: { m: 1 } });
    const chain = RunnableSequence.from([add, outer, tagged, add], "root");
    const all = (await eventsOf(chain, 1)).events;
    const cases: [EventFilter, (event: StreamEvent) => boolean | undefined][] = [
      [{ includeNames: ["root", "inner"] }, ({ name }) => name === "root" || name === "inner"],
      [{ includeTags: ["t"] }, ({ tags }) => tags?.includes("t")],
      [{ excludeNames: ["outer"] }, ({ name }) => name !== "outer" && name !== "ping"],
    ];
    for (const [filter, isWanted] of cases) {
      const { events, error } = await eventsOf(chain, 1, {}, filter);
      const told = ({ event, name, tags, metadata }: StreamEvent) => ({ event, name, tags, metadata });
      expect(error).toBeUndefined();
      expect(events.map(told)).toEqual(all.filter(isWanted).map(told));
    }
  });

  it("let custom events through by the name of their run", async () => {
    const lambda = RunnableLambda.from((_: unknown, config) => dispatchCustomEvent("ping", 1, config), { name: "own" });
    expect((await eventsOf(lambda, 1, {}, { includeNames: ["own"], excludeTypes: [] })).lines).toContain(
      "on_custom_event ping",
    );
    expect((await eventsOf(lambda, 1, {}, { includeNames: ["ping"] })).lines).toEqual([]);
    expect((await eventsOf(lambda, 1, {}, { excludeEvents: ["on_custom_event"] })).lines).not.toContain(
      "on_custom_event ping",
    );
  });
});

describe("leaving the loop", () => {
  it("aborts the run: functions see it, generators are closed, and nothing is left", async () => {
    const log: string[] = [];
    let signal: AbortSignal | undefined;
    const endless = RunnableLambda.from(async function* (_: unknown, config) {
      signal = config.signal;
      try {
        for (let n = 0; ; n++) {
          log.push(`chunk ${n}`);
          yield n;
          await settle();
        }
      } finally {
        log.push("closed");
      }
    });
    const { handler, runs } = recorder();
    for await (const { event } of endless.streamEvents(1, { ...v2, callbacks: [handler] })) {
      if (event === "on_chain_stream") break;
    }
    await settle();
    await settle();
    expect(signal?.aborted).toBe(true);
    expect(log.at(-1)).toBe("closed");
    const { length } = log;
    await settle();
    expect(log).toHaveLength(length);
    expect([...runs.values()].map(({ ends }) => ends.length)).toEqual([1]);
  });

  it("rejects what a function waits for with the signal", async () => {
    const stopped = vi.fn();
    let onWaiting = (): void => {};
    const isWaiting = new Promise<void>((resolve) => {
      onWaiting = resolve;
    });
    const waiting = RunnableLambda.from(
      (_: number, { signal }) =>
        new Promise<never>((_resolve, reject) => {
          onWaiting();
          signal?.addEventListener("abort", () => {
            stopped();
            reject(signal.reason);
          });
        }),
    );
    for await (const { event, name } of add.pipe(waiting).streamEvents(1, v2)) {
      if (event !== "on_chain_end" || name !== "add") continue;
      await isWaiting;
      break;
    }
    await settle();
    expect(stopped).toHaveBeenCalledOnce();
  });

  it("does not abort the caller's own signal, and lets go of it", async () => {
    const controller = new AbortController();
    for await (const _ of letters.streamEvents("abc", { ...v2, signal: controller.signal })) break;
    await settle();
    expect(controller.signal.aborted).toBe(false);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("makes no unhandled rejection", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const fails = RunnableLambda.from(async () => {
      await settle();
      throw new Error("late");
    });
    for await (const _ of add.pipe(RunnableParallel.from({ fails, letters: letters as never })).streamEvents(1, v2))
      break;
    for (let turns = 0; turns < 4; turns++) await settle();
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it("ends by the caller's signal with its error, after what was reported", async () => {
    const controller = new AbortController();
    const chain = RunnableLambda.from(async function* () {
      yield 1;
      controller.abort();
      await settle();
      yield 2;
    });
    const { lines, error } = await eventsOf(chain, 1, { signal: controller.signal });
    expect(lines.slice(0, 2)).toEqual(["start RunnableLambda", "stream RunnableLambda"]);
    expect(error).toMatchObject({ name: "AbortError" });
  });
});

describe("a slow reader", () => {
  it("slows the run: few chunks are made ahead", async () => {
    let made = 0;
    const many = RunnableLambda.from(async function* () {
      for (; made < 10_000; made++) yield made;
    });
    let taken = 0;
    let furthest = 0;
    for await (const { event } of many.pipe((x: number) => x).streamEvents(1, v2)) {
      if (event !== "on_chain_stream") continue;
      taken++;
      furthest = Math.max(furthest, made - taken);
      if (taken % 100 === 0) await settle();
      if (taken > 3_000) break;
    }
    expect(taken).toBeGreaterThan(3_000);
    expect(furthest).toBeLessThan(100);
  });

  it("misses nothing", async () => {
    const many = RunnableLambda.from(async function* () {
      for (let n = 0; n < 500; n++) yield [n];
    });
    const chunks: number[] = [];
    for await (const { event, data } of many.streamEvents(1, v2)) {
      if (chunks.length % 50 === 0) await settle();
      if (event === "on_chain_stream") chunks.push(...data.chunk);
    }
    expect(chunks).toEqual(Array.from({ length: 500 }, (_, n) => n));
  });
});

describe("server-sent events", () => {
  async function messages(runnable: Runnable, input: unknown): Promise<{ text: string; error: unknown }> {
    const decoder = new TextDecoder();
    let text = "";
    let error: unknown;
    try {
      for await (const bytes of runnable.streamEvents(input, { ...v2, encoding: "text/event-stream" })) {
        expect(bytes).toBeInstanceOf(Uint8Array);
        text += decoder.decode(bytes, { stream: true });
      }
    } catch (thrown) {
      error = thrown;
    }
    return { text, error };
  }
  const parsed = (text: string) =>
    text
      .split("\n\n")
      .filter((message) => message.startsWith("event: data\ndata: "))
      .map((message) => JSON.parse(message.slice("event: data\ndata: ".length)));

  it("hold one event each, and the last one is the end", async () => {
    const { text, error } = await messages(letters, "a\n\nü");
    expect(error).toBeUndefined();
    expect(text.endsWith("event: end\n\n")).toBe(true);
    const events = parsed(text);
    expect(events.map(({ event }) => event)).toEqual([
      "on_chain_start",
      ...Array(4).fill("on_chain_stream"),
      "on_chain_end",
    ]);
    expect(events.at(-1).data.output).toBe("a\n\nü");
  });

  it("show an error by its name and message alone, whatever it makes of itself", async () => {
    class RequestError extends Error {
      override name = "RequestError";
      toJSON() {
        return { headers: { authorization: "secret" } };
      }
    }
    const request = RunnableLambda.from(() => {
      throw new RequestError("refused");
    });
    const { text, error } = await messages(request, 1);
    expect(error).toBeInstanceOf(RequestError);
    expect(text).not.toContain("secret");
    expect(parsed(text).at(-1)).toMatchObject({
      event: "on_chain_error",
      data: { error: { name: "RequestError", message: "refused" } },
    });
    expect(text).not.toContain("event: end");
  });
});

describe("custom events", () => {
  it.each([[{ percent: 50 }], [0], [null], [undefined]])("carry their payload: %o", async (payload) => {
    const lambda = RunnableLambda.from(
      async (x: number, config) => {
        await dispatchCustomEvent("progress", payload, config);
        return x;
      },
      { name: "own" },
    );
    const { events } = await eventsOf(add.pipe(lambda), 1, { tags: ["t"], metadata: { m: 1 } });
    const own = events.find(({ event, name }) => event === "on_chain_start" && name === "own");
    expect(events.filter(({ event }) => event === "on_custom_event")).toEqual([
      {
        event: "on_custom_event",
        name: "progress",
        run_id: own?.run_id,
        tags: ["seq:step:2", "t"],
        metadata: { m: 1 },
        data: payload,
      },
    ]);
  });

  it("need a run", async () => {
    await expect(dispatchCustomEvent("ping", 1)).rejects.toMatchObject({ code: "RUNLANE_NO_RUN" });
    await expect(dispatchCustomEvent("ping", 1, {})).resolves.toBeUndefined();
  });
});

describe("calls inside a function", () => {
  it("report to an event stream inside and to the one around, each event once", async () => {
    const inside: StreamEvent[] = [];
    const inner = RunnableSequence.from([(x: string) => x.toUpperCase(), letters], "inner");
    const outer = RunnableLambda.from(
      async (text: string, config) => {
        for await (const event of inner.streamEvents(text, { ...config, ...v2 })) inside.push(event);
        return "done";
      },
      { name: "outer" },
    );
    const { events, error } = await eventsOf(outer, "ab", {}, { includeParentIds: true });
    expect(error).toBeUndefined();
    const alone = await eventsOf(inner, "ab");
    expect(inside.map(({ event, name }) => `${event} ${name}`)).toEqual(
      alone.events.map(({ event, name }) => `${event} ${name}`),
    );
    const keys = events.map(({ run_id, event, data }) => JSON.stringify([run_id, event, data]));
    expect(new Set(keys).size).toBe(keys.length);
    const runs = new Set(inside.map(({ run_id }) => run_id));
    const shown = events.filter(({ run_id }) => runs.has(run_id));
    expect(new Set(shown.map(({ run_id }) => run_id))).toEqual(runs);
    const [start, end] = [events.at(0), events.at(-1)];
    expect([start?.event, start?.name, end?.event, end?.data.output]).toEqual([
      "on_chain_start",
      "outer",
      "on_chain_end",
      "done",
    ]);
    expect(shown.every(({ parent_ids }) => parent_ids?.[0] === start?.run_id)).toBe(true);
  });

  it("report the runs of a batch, each with its own input and output", async () => {
    const outer = RunnableLambda.from((inputs: number[], config) => add.batch(inputs, config), { name: "outer" });
    const { events } = await eventsOf(outer, [0, 1, 2], {}, { includeParentIds: true });
    const ends = events.filter(({ event, name }) => event === "on_chain_end" && name === "add");
    expect(ends.map(({ data }) => [data.input, data.output])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    expect(new Set(ends.map(({ run_id }) => run_id)).size).toBe(3);
    expect(new Set(ends.map(({ parent_ids }) => parent_ids?.join()))).toEqual(new Set([events[0]?.run_id]));
  });

  it("may abandon a stream without ending it: the events end all the same", async () => {
    const outer = RunnableLambda.from(async (text: string, config) => {
      const stream = await letters.stream(text, config);
      return (await stream.next()).value;
    });
    const { events, error } = await eventsOf(outer, "ab");
    expect(error).toBeUndefined();
    expect(events.at(-1)).toMatchObject({ event: "on_chain_end", name: "RunnableLambda", data: { output: "a" } });
  });

  it("may leave a stream early: its run ends with what it took", async () => {
    const outer = RunnableLambda.from(async (text: string, config) => {
      for await (const letter of await letters.stream(text, config)) return letter;
      return undefined;
    });
    const { events } = await eventsOf(outer, "ab");
    const end = events.find(({ event, name }) => event === "on_chain_end" && name === "letters");
    expect(end?.data).toEqual({ input: "ab", output: "a" });
  });
});

describe("what is reported of a run", () => {
  it("is named and tagged by what is bound and by the call", async () => {
    const bound = add.withConfig({ runName: "bound", tags: ["b"], metadata: { b: 1 } });
    const { events } = await eventsOf(bound, 1, { tags: ["c"], metadata: { c: 1 } });
    for (const event of events) {
      expect(event).toMatchObject({ name: "bound", tags: ["b", "c"], metadata: { b: 1, c: 1 } });
    }
    expect((await eventsOf(bound, 1, { runName: "call" })).events[0]?.name).toBe("call");
  });

  it("has the run's own id where one is given", async () => {
    const runId = "01890000-0000-7000-8000-000000000000";
    const { events } = await eventsOf(add.pipe(add), 1, { runId });
    expect(new Set(events.filter(({ name }) => name === "RunnableSequence").map(({ run_id }) => run_id))).toEqual(
      new Set([runId]),
    );
    expect(new Set(events.map(({ run_id }) => run_id)).size).toBe(3);
  });

  it.each([[0], [""], [false], [null], [[]], [{}], [{ input: 1, more: 2 }], [Number.NaN]])(
    "is the input as it is: %o",
    async (input) => {
      const same = RunnableLambda.from((x: unknown) => x, { name: "same" });
      const { events } = await eventsOf(same.pipe(same), input);
      expect(events[0]?.data.input).toEqual(input);
      const ends = events.filter(({ event, name }) => event === "on_chain_end" && name === "same");
      expect(ends).toHaveLength(2);
      for (const { data } of ends) expect(data.input).toEqual(input);
    },
  );

  it.each([[0], [""], [false], [[]], [{}], [{ output: 1, more: 2 }], [{ input: 1 }]])(
    "is the output as it is: %o",
    async (output) => {
      const constant = RunnableLambda.from(() => output, { name: "constant" });
      const outer = RunnableLambda.from((x: number, config) => constant.invoke(x, config));
      const { events } = await eventsOf(outer, 1);
      for (const { data } of events.filter(({ event }) => event === "on_chain_end"))
        expect(data.output).toEqual(output);
    },
  );

  it("is all of an input that has a key called input among others, at the start too", async () => {
    const inner = RunnableLambda.from(() => 1, { name: "inner" });
    const question = { input: "why", history: ["because"] };
    const outer = RunnableLambda.from((_: number, config) => inner.invoke(question, config));
    const { events } = await eventsOf(outer, 1);
    for (const { data } of events.filter(({ event, name }) => name === "inner" && event !== "on_chain_stream")) {
      expect(data.input).toEqual(question);
    }
  });

  it("comes chunk by chunk through steps that stream", async () => {
    const upper = RunnableGenerator.from(
      async function* (chunks: AsyncIterable<string>) {
        for await (const chunk of chunks) yield chunk.toUpperCase();
      },
      { name: "upper" },
    );
    const { events } = await eventsOf(letters.pipe(upper), "ab");
    const chunks = events.filter(({ event }) => event === "on_chain_stream").map(({ name, data }) => name + data.chunk);
    const whole = "RunnableSequence";
    expect(chunks).toEqual(["lettersa", "upperA", `${whole}A`, "lettersb", "upperB", `${whole}B`]);
  });
});

it("is a web stream too, and cancelling it aborts the run", async () => {
  const closed = defer<void>();
  const endless = RunnableLambda.from(async function* () {
    try {
      for (;;) {
        yield 1;
        await settle();
      }
    } finally {
      closed.resolve();
    }
  });
  const reader = endless.streamEvents(1, v2).getReader();
  expect((await reader.read()).value?.event).toBe("on_chain_start");
  await reader.cancel();
  await closed.promise;
});

it("background handlers of the call are told beside it", async () => {
  const { handler, log } = recorder({ awaitHandlers: false });
  await all(add.streamEvents(1, { ...v2, callbacks: [handler] }));
  await awaitAllCallbacks();
  expect(log).toEqual(["start add", "end add"]);
});
