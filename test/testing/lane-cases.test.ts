import { describe, expect, it } from "vitest";
import type { FeedHandle, InputSource, Lane, LaneCallOptions, LaneStage } from "../../src/lanes/lane.ts";
import { LOOP_SKIPS, laneCases, loopLane } from "../../src/testing/index.ts";
import { everything } from "../everything.ts";

/** A lane that does everything as the loop does, except for what is given. */
function bent(bend: (loop: Lane) => Partial<Lane>): () => Lane {
  return () => {
    const loop = loopLane();
    const changes = bend(loop);
    return new Proxy(loop, {
      get(target, key) {
        const value = Reflect.get(key in changes ? changes : target, key);
        return typeof value === "function" && !(key in changes) ? value.bind(target) : value;
      },
    });
  };
}

/** The loop with a feed, which takes one input after the other, except for what is given. */
function handle(
  bend: Partial<Record<"take" | "settle", (feed: InputSource, key: number) => void>> & { wakes?: boolean },
) {
  return bent((loop) => ({
    feed(stage: LaneStage, feed: InputSource, options?: LaneCallOptions): FeedHandle {
      let isOn = true;
      const pump = (): void => {
        while (isOn && feed.waiting > 0) {
          const key = feed.take();
          bend.take?.(feed, key);
          loop.run(stage, feed.inputOf(key), options).then(
            (output) => {
              feed.fulfil(key, output);
              bend.settle?.(feed, key);
            },
            (error) => feed.reject(key, error),
          );
        }
      };
      setTimeout(pump, 0);
      return {
        wake: () => {
          if (bend.wakes !== false) pump();
        },
        stop: () => {
          isOn = false;
        },
      };
    },
  }));
}

const json = (value: unknown) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

/** What takes long to be found out. */
const SLOW = new Set([
  "takes all inputs of a feed at once",
  "forgets the options",
  "counts time from the call",
  "settles inputs of a feed twice",
]);

/** Lanes that do one thing wrong, and a case that has to notice. */
const BROKEN: { what: string; open: () => Lane; fails: string[] }[] = [
  {
    what: "mixes outputs up",
    open: bent((loop) => {
      let last: unknown = null;
      return {
        async run(...args) {
          const before = last;
          last = await loop.run(...args);
          return before;
        },
      };
    }),
    fails: ["gives one output per input, in order: 10,000 inputs", "keeps stages apart that run side by side"],
  },
  {
    what: "loses calls",
    open: bent((loop) => ({
      run: (stage, input, options) => (input === 99 ? new Promise(() => {}) : loop.run(stage, input, options)),
    })),
    fails: ["gives one output per input, in order: 10,000 inputs", "rejects the inputs that fail, and no others"],
  },
  {
    what: "gives undefined where a call fails",
    open: bent((loop) => ({ run: (...args) => loop.run(...args).catch(() => undefined) })),
    fails: [
      "rejects the inputs that fail, and no others",
      "rejects with why a stage cannot be made",
      "rejects with RUNLANE_WORKER_START when a stage cannot be loaded, and goes on",
    ],
  },
  {
    what: "runs one call at a time",
    open: bent((loop) => {
      let queue: Promise<unknown> = Promise.resolve();
      return {
        run(...args) {
          const call = queue.then(() => loop.run(...args));
          queue = call.catch(() => {});
          return call;
        },
      };
    }),
    fails: ["lets async functions of one worker wait at the same time"],
  },
  {
    what: "sends values as JSON",
    open: bent((loop) => ({
      run: async (stage, input, options) => json(await loop.run(stage, json(input), options)),
    })),
    fails: [
      "primitives",
      "minus zero",
      "NaN",
      "BigInt",
      "a sparse array",
      "Map",
      "Set",
      "Date",
      "RegExp",
      "typed arrays",
      "ArrayBuffer and DataView",
      "a circular object",
      "one object in several places",
      "errors",
    ].map((kind) => `gives what the loop gives: ${kind}`),
  },
  {
    what: "hands over the caller's own values",
    open: loopLane,
    fails: [
      "leaves the input as it is when the function changes its copy",
      "refuses an input or an output that cannot be copied, with its place, and no other",
    ],
  },
  {
    what: "makes plain errors of all errors",
    open: bent((loop) => ({
      run: (...args) =>
        loop.run(...args).catch((error) => {
          throw new Error(error?.message);
        }),
    })),
    fails: [
      "keeps class, message, code, own properties, cause and stack of an error",
      "keeps the name of a class of errors that is known only where it was thrown",
      "keeps the errors of an AggregateError",
      "keeps the name of a DOMException",
      "rejects with what was thrown, although it is no error",
      "rejects with what an async function throws after it has waited",
    ],
  },
  {
    what: "forgets the options",
    open: bent((loop) => ({
      run: (stage, input) => loop.run(stage, input),
      stream: (stage, input) => loop.stream(stage, input),
    })),
    fails: [
      "hands the config on: one for all inputs, one for each, and none",
      "hands the config on to what streams",
      "gives a signal to functions whose calls can be stopped",
      "refuses a stream whose signal has aborted already",
      "ends a stream that is aborted, though its generator waits for ever",
      "ends a stream whose time is up with a TimeoutError",
      "refuses a call whose signal has aborted already, and does not run it",
      "drops a waiting call that is aborted, at once, and runs the others",
      "rejects a running call with the signal's reason, and shows the function that it aborts",
      "rejects a call at once although its function takes no notice of the signal, and serves the next",
      "leaves no listeners on the signal: after outputs, failures, streams and an abort",
      "rejects a call whose time is up with a TimeoutError, and none of its neighbours",
      "shows a function that its time is up",
    ],
  },
  {
    what: "calls back in its own async context",
    open: bent((loop) => {
      const waiting: (() => void)[] = [];
      const timer = setInterval(() => waiting.shift()?.(), 0);
      return {
        // As a library does that calls back from a loop of its own.
        run: (...args) =>
          ({
            // biome-ignore lint/suspicious/noThenProperty: that is what it is
            then(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
              loop.run(...args).then(
                (value) => waiting.push(() => resolve(value)),
                (error) => waiting.push(() => reject(error)),
              );
            },
          }) as unknown as Promise<unknown>,
        async close(options) {
          clearInterval(timer);
          await loop.close(options);
        },
      };
    }),
    fails: ["keeps the async context of the caller in what comes after a call"],
  },
  {
    what: "gathers all chunks first",
    open: bent((loop) => ({
      async *stream(...args) {
        const chunks: unknown[] = [];
        for await (const chunk of loop.stream(...args)) chunks.push(chunk);
        yield* chunks;
      },
    })),
    fails: [
      "gives a chunk before the next one is there",
      "fails with what the generator threw, after the chunks before it",
    ],
  },
  {
    what: "reads far ahead",
    open: bent((loop) => ({
      async *stream(...args) {
        const source = loop.stream(...args);
        const ahead: Promise<IteratorResult<unknown>>[] = [];
        for (;;) {
          while (ahead.length < 2000) {
            const next = source.next();
            next.catch(() => {});
            ahead.push(next);
          }
          const { done, value } = await ahead.shift()!;
          if (done) return;
          yield value;
        }
      },
    })),
    fails: [
      "lets a generator run no further ahead of its reader than a window",
      "ends the generator when its reader leaves",
    ],
  },
  {
    what: "counts time from the call",
    open: bent((loop) => ({
      async run(stage, input, options) {
        const since = performance.now();
        // Behind whatever is to be run before.
        await new Promise((resolve) => setImmediate(resolve));
        const output = await loop.run(stage, input, options);
        const { timeoutMs = Number.POSITIVE_INFINITY } = options ?? {};
        if (performance.now() - since > timeoutMs) throw new DOMException("too late", "TimeoutError");
        return output;
      },
    })),
    fails: ["counts the time from the start of the work, not from the call"],
  },
  {
    what: "leaves listeners behind",
    open: bent((loop) => {
      const followed = new Set<AbortSignal | undefined>();
      return {
        run(stage, input, options) {
          const signal = options?.signal;
          if (!followed.has(signal)) signal?.addEventListener("abort", () => {});
          followed.add(signal);
          return loop.run(stage, input, options);
        },
      };
    }),
    fails: ["leaves no listeners on the signal: after outputs, failures, streams and an abort"],
  },
  {
    what: "is always busy",
    open: bent(() => ({ capacity: { workers: 1, busy: 1, queued: 0 } })),
    fails: [
      "tells its capacity: within bounds at any time, and back at zero afterwards",
      "counts a stream as work for as long as it is open",
      "lets running and queued calls finish when it is closed",
      "rejects what runs and what waits when it is closed by force",
      "can be forced after it was asked politely",
    ],
  },
  {
    what: "is never busy",
    open: bent(() => ({ capacity: { workers: 1, busy: 0, queued: 0 } })),
    fails: [
      "tells its capacity: within bounds at any time, and back at zero afterwards",
      "counts a stream as work for as long as it is open",
    ],
  },
  {
    what: "keeps no statistics",
    open: bent(() => ({ statistics: () => [] })),
    fails: ["keeps statistics: one row for each stage that has run", "measures how long inputs take"],
  },
  {
    what: "loads nothing before the first call",
    open: bent(() => ({ warm: async () => {} })),
    fails: [
      "has loaded a stage once it is warm",
      "says so when it cannot be warm for a stage",
      "refuses calls, streams and warm-ups once it is closed",
    ],
  },
  {
    what: "does not close",
    open: bent(() => ({ close: async () => {}, [Symbol.asyncDispose]: async () => {} })),
    fails: [
      "lets running and queued calls finish when it is closed",
      "lets an open stream come to its end when it is closed",
      "refuses calls, streams and warm-ups once it is closed",
      "can be closed before it was used, and as often as one likes",
      "is closed at the end of its block by `await using`",
      "rejects what runs and what waits when it is closed by force",
      "fails open streams when it is closed by force",
      "can be forced after it was asked politely",
    ],
  },
  {
    what: "closes by force only",
    open: bent((loop) => ({
      close: () => loop.close({ force: true }),
      [Symbol.asyncDispose]: () => loop.close({ force: true }),
    })),
    fails: [
      "lets running and queued calls finish when it is closed",
      "lets an open stream come to its end when it is closed",
      "is closed at the end of its block by `await using`",
    ],
  },
  {
    what: "closes politely only",
    open: bent((loop) => ({
      close: () => loop.close(),
    })),
    fails: [
      "rejects what runs and what waits when it is closed by force",
      "fails open streams when it is closed by force",
      "can be forced after it was asked politely",
    ],
  },
  {
    what: "settles inputs of a feed twice",
    open: handle({ settle: (feed, key) => feed.fulfil(key, "again") }),
    fails: ["takes each input of a feed once and settles it once: 5,000 inputs, some of which fail"],
  },
  {
    what: "takes inputs of a feed and forgets them",
    open: handle({ take: (feed) => feed.waiting > 0 && feed.take() }),
    fails: [
      "takes each input of a feed once and settles it once: 5,000 inputs, some of which fail",
      "takes inputs that are added to a feed when it is told",
      "rejects what runs of a feed when the signal aborts",
    ],
  },
  {
    what: "takes all inputs of a feed at once",
    open: handle({}),
    fails: ["takes inputs of a feed as it has room, and none after stop"],
  },
  {
    what: "does not wake for a feed",
    open: handle({ wakes: false }),
    fails: [
      "takes inputs that are added to a feed when it is told",
      "rejects the inputs of a feed whose stage cannot be made, also those that are added later",
    ],
  },
  {
    what: "has no feed and does not say why",
    open: loopLane,
    fails: ["takes each input of a feed once and settles it once: 5,000 inputs, some of which fail"],
  },
];

describe("a lane is found out that", () => {
  it.each(BROKEN.filter(({ what }) => everything || !SLOW.has(what)))("$what", async ({ open, fails }) => {
    const cases = laneCases({ open, patienceMs: 100 });
    const passed: string[] = [];
    for (const name of fails) {
      const found = cases.find((one) => one.name === name);
      await found!.run().then(
        () => passed.push(name),
        () => {},
      );
    }
    expect(passed).toEqual([]);
  });
});

describe("the cases for lanes", () => {
  const options = { open: loopLane, skip: LOOP_SKIPS };

  it("have names of their own, and functions that no framework takes for one with a callback", () => {
    const cases = laneCases(options);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    expect(new Set(cases.map(({ run }) => run.length))).toEqual(new Set([0]));
  });

  it("carry the reason why they are skipped", () => {
    const skipped = laneCases(options).filter(({ skip }) => skip !== undefined);
    expect(new Set(skipped.map(({ skip }) => skip))).toEqual(new Set(Object.values(LOOP_SKIPS)));
    expect(laneCases({ open: loopLane }).every(({ skip }) => skip === undefined)).toBe(true);
  });

  it("close their lane, also when they fail", async () => {
    const lanes: Lane[] = [];
    const open = () => {
      const lane = bent(() => ({ statistics: () => [] }))();
      lanes.push(lane);
      return lane;
    };
    const results = await Promise.allSettled(
      laneCases({ open })
        .filter(({ name }) => name.includes("statistics") || name.includes("whole trees"))
        .map(({ run }) => run()),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(lanes.map(({ capacity }) => capacity.workers)).toEqual([0, 0]);
  });
});
