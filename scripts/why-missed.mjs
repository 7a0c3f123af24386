// @ts-check
/**
 * The budgets that the stored run misses, each with the reason: what the time goes to, with a measurement where there is one. The figures
 * stage of `npm test` fails where a missed row has no reason here, or a reason is for a row that is met.
 *
 * @typedef {import("./figures.mjs").FigureRow} FigureRow
 * @typedef {Readonly<Record<string, Readonly<Record<string, string>>>>} Reasons By suite, then by row.
 */

/** @type {Reasons} */
export const WHY = {
  overhead: {
    "10 sync steps, when nobody watches any more":
      "The engine has compiled the loop of a sequence anew for calls that are watched, and plain calls stay slower. In paired runs with a loop of its own for watched calls, the ratio is 0.82 where it was 1.11.",
    "10 async steps, when nobody watches any more":
      "Once AsyncLocalStorage has been used, every promise is dearer on Node 20. In paired runs the ratio is 0.93 where it was 0.98: what is above that is the noise of a run.",
  },
  observe: {
    "a step, one no-op handler":
      "Each step has an id of its own, which takes a fifth (a look at the clock is 0.1 us on this machine), a context, and what LangChain's handlers are told. In paired runs with the code of before, a step takes 0.6 of what it did.",
    "streamEvents of 10 sync steps: one of its events":
      "In paired runs with the code of before, an event takes 0.7 of what it did: 1.3 us while the machine leaves its cores to the program, and 2.6 us while it does not. Of the rest, 9 % is garbage collection, 9 % finding runs by their ids, 6 % the AbortController that every stream has, and 0.4 us an event what reading any stream takes.",
    "streamEvents of 10 sync steps: one of its events, 100 streams at once": "As above.",
    "streamEvents of a chat model's 500 tokens":
      "51 % of the CPU is LangChain's own code, and 14 % Runlane's, by a profile: for each token, LangChain's model and its parser join all tokens so far into a new AIMessageChunk.",
  },
  serve: {
    "invoke of 3 sync steps, CPU of a request: the same, time of a request":
      "A run has an id, a signal that aborts when the client goes, and a place in a queue, and its answer says its id: 12 us more than a handler by hand in Fastify, which has none of them.",
    "invoke of 3 async steps, CPU of a request: the same, time of a request": "As above.",
    "CPU of an event, in streams of 1,000":
      "A handler by hand takes 5.3 us for the same events on this machine. The chunks and their JSON, of which nothing is sent, take 1.3 us: a row of the suite measures them in the same run. The rest is to wait for each chunk, to gather the text of a turn and to write it, and the request itself.",
    "1,000 clients leave: the work of the last one stops after":
      "Bare node:http hears of the last one after 74 to 94 ms on this machine: Node takes 40 to 90 us to end a connection. In paired runs the work stops 0.7 to 1.1 times as long after its client has gone as node:http tells of it.",
    "at 2.5 times the capacity: time of an answer: the same: p99 of what is accepted":
      "Clients and server share two cores, and the time is that of the client: 4,800 requests a second come from one process. Other runs had 81 to 96 ms.",
  },
  telemetry: {
    "a span, sent in batches":
      "The SDK takes 2.8 us of it, and a span by hand with startActiveSpan 5.4 us in the same run: the machine was half as fast as when the budget was set.",
    "a span, sent in batches: the same, beside a span by hand":
      "1.2 us more than by hand, where 1.1 are allowed: what that goes to was not looked for.",
  },
  import: {
    'import "runlane"':
      "Compiling is half of its CPU, 17 of 35 ms, and grows with the code. Three files are loaded where it were eight, which is 5 % of the CPU. What is left is mostly what methods of every runnable need that return at once: `withLane`, `getGraph`, `explain`, `withRetry` and all that make runnables.",
  },
  lanes: {
    "2,000 x 1 ms CPU":
      "With nothing sent, the two threads take 971 ms. The other 92 ms are 46 us for each input: to hand it over and to answer, and for the main thread, which shares the two cores with the workers.",
    "1000 x 10 kB there and back":
      "All pools clone the same objects. The best three are within 5 % of each other, which is the noise of a run.",
    "endless loop ended, next served":
      "200 ms are the grace that a call has to end by itself. A new thread takes 90 to 110 ms to its first output on this machine, where the budget leaves 100.",
  },
  coldstart: {
    'import "runlane", bare Node subtracted': "As the import above.",
    "a thread is ready":
      "The thread loads its own side, three files, and the engine only with its first step. In paired runs it takes 1.2 times a bare thread, where it took 1.6.",
    "first invoke on a warmed thread":
      "It is the first call of its process, whose code has not run before: the later ones take 0.026 ms.",
  },
  batching: {
    "20,000 x 3 CPU steps of 0.2 ms, fused":
      "1 % over. piscina was told the size of its chunks; Runlane finds it while it runs.",
    "100,000 invokes share calls, each":
      "0.6 us more than by hand, where one promise is for all: each `invoke` has a promise, and a place in the call that it shares.",
    "batchStream of 1,000,000, 10 at once: heap with garbage":
      "Garbage that nobody has collected yet: 0.3 MB are alive.",
    "batch 1,000,000 x 3 sync: its longest tick, worst round":
      "It is one round of all, and the same row in the run of the suite `batch` has 13.7 ms. What held the loop in that round is not known.",
  },
  cluster: {
    "tiny inputs there and back, Redis":
      "Against chunks by hand of 500, which know their size, carry JSON alone, and keep neither order nor what was lost. The machine was busy: in two quieter runs an input took 1.7 and 2.2 us.",
    "one call, Redis":
      "The machine was busy. A call goes through a queue, a worker's thread and a stream, which are the turns of five processes; the queue's own way, without a lane and a thread, took 4.9 ms.",
    "inputs of 5 ms on two workers, Redis":
      "The machine was busy, and five processes share its two cores: in a quieter run both took 3,150 us.",
    "memory of the producer of 10,000,000 inputs, Redis":
      "It does not grow with the inputs: 2,000,000 take as much. 64 MB may be chunks that are outstanding; the rest is what Node lets its heap grow to before it tidies up.",
    "memory of the producer of 10,000,000 inputs, embedded": "As above.",
  },
};

/** The names of some rows of a suite. Some are only part of the one before: "the same", "its longest tick". */
export function titled(/** @type {readonly FigureRow[]} */ rows) {
  let before = "";
  return rows.map((row) => {
    const isPart = /^(?:the same|its|one of its)\b/.test(row.name);
    if (!isPart) before = row.name;
    return { ...row, title: isPart ? `${before}: ${row.name}` : row.name };
  });
}

/**
 * The rows of some suites that are missed, each once, with the reasons.
 *
 * @param {readonly FigureRow[]} rows
 * @param {readonly string[]} suites
 * @param {Reasons} [why]
 */
export function missedIn(rows, suites, why = WHY) {
  return suites.flatMap((suite) => {
    const missed = titled(rows.filter((row) => row.suite === suite)).filter(({ ok }) => !ok);
    const titles = [...new Set(missed.map(({ title }) => title))];
    return titles.map((title) => ({ suite, title, reason: why[suite]?.[title] }));
  });
}

/**
 * What is wrong with the reasons: rows that have none, and reasons that no row needs.
 *
 * @param {readonly FigureRow[]} rows
 * @param {Reasons} [why]
 */
export function wrongReasons(rows, why = WHY) {
  const missed = missedIn(rows, [...new Set(rows.map(({ suite }) => suite))], why);
  const bare = missed.filter(({ reason }) => reason === undefined);
  const needed = new Set(missed.map(({ suite, title }) => `${suite}, ${title}`));
  const given = Object.entries(why).flatMap(([suite, rows]) => Object.keys(rows).map((title) => `${suite}, ${title}`));
  return [
    ...bare.map(({ suite, title }) => `${suite}, ${title}: the budget is missed, and no reason given`),
    ...given.filter((row) => !needed.has(row)).map((row) => `${row}: a reason is given, and no budget missed`),
  ];
}
