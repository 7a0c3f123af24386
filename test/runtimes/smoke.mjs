// @ts-check
/**
 * The program that every runtime runs: one cell of the table for each thing that a pipeline does. It uses nothing of a platform that is
 * not everywhere.
 */
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { processes, RunnableLambda, RunnableParallel, resource, threads } from "runlane";
import "runlane/graph";
import { getContextVariable, setContextVariable } from "runlane/context";
import { cellsOf, equal } from "./cells.mjs";

const double = RunnableLambda.from((/** @type {number} */ x) => x * 2);
const chain = double.pipe(async (x) => x + 1).pipe((x) => `<${x}>`);
const letters = RunnableLambda.from(function* (/** @type {string} */ text) {
  yield* text;
});
const wait = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));
const slow = RunnableLambda.from(async (/** @type {number} */ ms) => wait(ms));

/** The error that a promise rejects with. @param {Promise<unknown>} promise @returns {Promise<any>} */
function rejection(promise) {
  return promise.then(
    (value) => {
      throw new Error(`it gave ${JSON.stringify(value)}, and was to fail`);
    },
    (error) => error,
  );
}

/** @param {AsyncIterable<unknown>} source */
async function all(source) {
  const list = [];
  for await (const one of source) list.push(one);
  return list;
}

/** @param {(options: { max: number }) => import("runlane").Lane} open */
async function lane(open) {
  const pool = open({ max: 2 });
  try {
    const squares = RunnableLambda.from((/** @type {number} */ x) => x * x).withLane(pool);
    equal(await squares.batch([1, 2, 3]), [1, 4, 9]);
    equal((await rejection(squares.pipe((x) => x.missing()).invoke(1))).name, "TypeError");
    const endless = RunnableLambda.from(() => {
      for (;;);
    }).withLane(pool);
    equal((await rejection(endless.invoke(0, { timeout: 200 }))).name, "TimeoutError");
  } finally {
    await pool.close({ force: true });
  }
}

/** @type {Record<string, () => Promise<unknown>>} */
const CELLS = {
  invoke: async () => equal(await chain.invoke(20), "<41>"),
  batch: async () => {
    equal(await chain.batch([1, 2, 3], { maxConcurrency: 2 }), ["<3>", "<5>", "<7>"]);
    equal((await all(chain.batchStream([1, 2]))).length, 2);
  },
  stream: async () => {
    equal(await all(await letters.stream("abc")), ["a", "b", "c"]);
    const reader = (await letters.stream("ab")).getReader();
    equal((await reader.read()).value, "a");
    await reader.cancel();
  },
  streamEvents: async () => {
    const events = /** @type {any[]} */ (await all(chain.streamEvents(1, { version: "v2" })));
    equal(events.at(0)?.event, "on_chain_start");
    equal(events.at(-1)?.data.output, "<3>");
  },
  "events in a Response": async () => {
    const response = new Response(chain.streamEvents(1, { version: "v2", encoding: "text/event-stream" }));
    const text = await response.text();
    if (!text.includes('"on_chain_end"') || !text.includes("event: end")) throw new Error(`the body is ${text}`);
    equal(await new Response((await letters.stream("ab")).pipeThrough(new TextEncoderStream())).text(), "ab");
  },
  abort: async () => {
    const controller = new AbortController();
    const running = rejection(slow.invoke(60_000, { signal: controller.signal }));
    setTimeout(() => controller.abort(), 5);
    equal((await running).name, "AbortError");
  },
  timeout: async () => equal((await rejection(slow.invoke(60_000, { timeout: 20 }))).name, "TimeoutError"),
  batched: async () => {
    let calls = 0;
    const lengths = RunnableLambda.batched((/** @type {string[]} */ texts) => {
      calls++;
      return texts.map((text) => text.length);
    });
    equal(await Promise.all([lengths.invoke("a"), lengths.invoke("bb")]), [1, 2]);
    equal(calls, 1);
  },
  "explain, graphs": async () => {
    if (!String(chain.explain()).includes("loop")) throw new Error("there is no lane in the plan");
    const both = RunnableParallel.from({ one: double, two: letters });
    if (!both.getGraph().drawMermaid().includes("graph TD")) throw new Error("the graph is empty");
  },
  resources: async () => {
    let loads = 0;
    const words = resource("smoke words", async () => {
      loads++;
      return new Set(["of"]);
    });
    const known = RunnableLambda.from((/** @type {string} */ word, { uses }) => uses.words.has(word), {
      uses: { words },
    });
    equal(await known.batch(["of", "off"]), [true, false]);
    equal(loads, 1);
  },
  "prompt and model of LangChain": async () => {
    const prompt = ChatPromptTemplate.fromMessages([["human", "Say {word}"]]);
    const model = new FakeListChatModel({ responses: ["hello"] });
    const talk = RunnableLambda.from((/** @type {string} */ word) => ({ word }))
      .pipe(prompt)
      .pipe(model)
      .pipe(new StringOutputParser());
    equal(await talk.invoke("hello"), "hello");
    equal((await all(await talk.stream("hello"))).join(""), "hello");
  },
  "context variables": async () => {
    setContextVariable("user", "Ada");
    const inside = RunnableLambda.from(async () => {
      await wait(1);
      return getContextVariable("user");
    });
    equal(await inside.invoke(0), "Ada");
  },
  "threads()": () => lane(threads),
  "processes()": () => lane(processes),
};

/** Runs the program. @returns What each cell says. */
export const smoke = () => cellsOf(CELLS);
