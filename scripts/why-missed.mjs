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
    "10 async steps": "The runs before it had 1.16 and 1.17; two later ones 1.29.",
    "10 async steps, inspected, and nobody looks":
      "Nothing is attached while nobody looks. It is the turn in the middle of 21; a run before it had 0.90.",
  },
  observe: {
    "streamEvents of 10 sync steps: the same, filtered by name":
      "All events take a third of what they did in the run before. What no filter leaves out, the stream and its AbortController, weighs more beside that.",
    "a step, one no-op handler":
      "Each step has an id of its own, which takes a fifth (a look at the clock is 0.1 us on this machine), a context, and what LangChain's handlers are told. In paired runs with the code of before, a step takes 0.6 of what it did.",
    "streamEvents of a chat model's 500 tokens":
      "51 % of the CPU is LangChain's own code, and 14 % Runlane's, by a profile: for each token, LangChain's model and its parser join all tokens so far into a new AIMessageChunk.",
  },
  serve: {
    "CPU of an event, in streams of 1,000":
      "A handler by hand takes 5.1 us for the same events on this machine. The chunks and their JSON, of which nothing is sent, take 1.2 us: a row of the suite measures them in the same run. The rest is to wait for each chunk, to gather the text of a turn and to write it, and the request itself.",
    "1,000 clients leave: the work of one that has gone stops within":
      "Bare node:http hears of it after 59 ms in the same run: Node takes 40 to 90 us to end a connection, and there are 1,000 of them.",
  },
  import: {
    'import "runlane"':
      "Compiling is half of its CPU, 17 of 35 ms, and grows with the code. Three files are loaded where it were eight, which is 5 % of the CPU. What is left is mostly what methods of every runnable need that return at once: `withLane`, `getGraph`, `explain`, `withRetry` and all that make runnables.",
  },
  lanes: {
    "batch through withTypes, each": "A run before it had 1.06: the difference is the noise of a run.",
    "2,000 x 1 ms CPU":
      "With nothing sent, the two threads take 1,037 ms. The other 115 ms are 58 us for each input: to hand it over and to answer, and for the main thread, which shares the two cores with the workers.",
    "1000 x 10 kB there and back":
      "All pools clone the same objects. The best three were within 5 % of each other in the run before; in this one two pools are ahead by a fifth, and why was not found out.",
    "endless loop ended, next served":
      "200 ms are the grace that a call has to end by itself. A new thread takes 90 to 110 ms to its first output on this machine, where the budget leaves 100.",
  },
  coldstart: {
    'import "runlane", bare Node subtracted': "As the import above.",
    "first invoke on a warmed thread":
      "It is the first call of its process, whose code has not run before: the later ones take 0.026 ms.",
  },
  batching: {
    "20,000 x 3 CPU steps of 0.2 ms, fused":
      "3 % over. piscina was told the size of its chunks; Runlane finds it while it runs.",
    "100,000 invokes share calls, each":
      "0.8 us more than by hand, where one promise is for all: each `invoke` has a promise, and a place in the call that it shares.",
    "batch 1,000,000 x 3 sync: its longest tick, worst round":
      "It is one round of all, and the same row in the run of the suite `batch` has 12.5 ms. What held the loop in that round is not known.",
  },
  cluster: {
    "memory of the producer of 10,000,000 inputs, embedded":
      "With Redis it is 197 MB. What the driver of PostgreSQL adds was not looked for.",
    "tiny inputs there and back, Redis":
      "Against chunks by hand of 500, which know their size, carry JSON alone, and keep neither order nor what was lost. Other runs had 1.7 and 2.2 us.",
    "one call, Redis":
      "A call goes through a queue, a worker's thread and a stream, which are the turns of five processes on two cores; the queue's own way, without a lane and a thread, took 4.9 ms.",
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
