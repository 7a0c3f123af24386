// @ts-check
/**
 * Draws the timelines of the guide, docs/images/*.svg: one for each idea. They say what happens and not how long it takes; the figures
 * are in docs/figures.md.
 *
 *   node scripts/timelines.mjs           writes them
 *   node scripts/timelines.mjs --check   fails where a file says anything else
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { at } from "./lib.mjs";
import { escaped, page, round } from "./svg.mjs";

/**
 * A bar is `[lane, from, to, text, kind]`. Kinds are colors: what runs (`loop`, `thread`), what waits, what fails.
 * @typedef {readonly [lane: number, from: number, to: number, text: string, kind: "loop" | "thread" | "wait" | "bad" | "soft"]} Bar
 * @typedef {{ file: string, title: string, lanes: readonly string[], bars: readonly Bar[], notes: readonly string[] }} Timeline
 */

/** @param {number} lane @param {number} from @param {number} each @param {readonly string[]} texts @param {Bar[4]} kind @returns {Bar[]} */
const row = (lane, from, each, texts, kind) =>
  texts.map((text, index) => [lane, from + index * each, from + (index + 1) * each - 0.15, text, kind]);

/** @type {readonly Timeline[]} */
export const TIMELINES = [
  {
    file: "overhead",
    title: "Overhead: a chain of three sync functions, called once",
    lanes: ["LangChain.js", "Runlane"],
    bars: [
      ...row(0, 0, 3, ["promise, config", "a", "promise, config", "b", "promise, config", "c"], "soft"),
      ...row(1, 0, 1.2, ["a", "b", "c"], "loop"),
      [1, 3.6, 4.8, "promise", "soft"],
    ],
    notes: ["The functions are called one after the other, and one promise stands around the whole."],
  },
  {
    file: "threads-and-async",
    title: "Threads and async: what waits stays on the loop, what computes leaves it",
    lanes: ["event loop", "waits for I/O", "thread 1", "thread 2"],
    bars: [
      ...row(0, 0, 0.9, ["1", "2", "3", "4"], "loop"),
      [1, 0.8, 8, "1, 2, 3 and 4 wait side by side", "wait"],
      [0, 8.1, 9, "", "loop"],
      [2, 9, 13, "1", "thread"],
      [3, 9, 13, "2", "thread"],
      [2, 13.1, 17, "3", "thread"],
      [3, 13.1, 17, "4", "thread"],
      [0, 10.5, 11.2, "timer", "soft"],
      [0, 14.5, 15.2, "request", "soft"],
    ],
    notes: ["Timers and requests get their turn while threads compute."],
  },
  {
    file: "chunks",
    title: "Chunks: many inputs travel in one message, of a size that follows their cost",
    lanes: ["event loop", "thread 1", "thread 2"],
    bars: [
      ...row(0, 0, 1, ["send", "send"], "loop"),
      [1, 1, 2, "1", "thread"],
      [2, 2, 3, "2", "thread"],
      ...row(0, 3, 0.9, ["send", "send"], "loop"),
      [1, 4, 9, "3 … 18", "thread"],
      [2, 5, 10, "19 … 34", "thread"],
      [1, 9.1, 14, "35 … 290", "thread"],
      [2, 10.1, 15, "291 … 546", "thread"],
      [1, 14.1, 16.5, "547 … 610", "thread"],
      [2, 15.1, 17, "611 … 640", "thread"],
    ],
    notes: [
      "Probes first, then chunks of some milliseconds of work, and smaller ones at the end, so that all are done together.",
    ],
  },
  {
    file: "pipelining",
    title: "Pipelining: an input enters the next step as soon as it is through the one before",
    lanes: ["load (I/O)", "parse (threads)", "save (I/O)"],
    bars: [
      ...row(0, 0, 3, ["1", "2", "3", "4", "5"], "loop"),
      ...row(1, 3, 3, ["1", "2", "3", "4"], "thread"),
      ...row(2, 6, 3, ["1", "2", "3", "4"], "loop"),
    ],
    notes: ["Nobody waits until a step is through with all inputs. What waits between two steps is bounded."],
  },
  {
    file: "coalescing",
    title: "Coalescing: calls that come together are answered together",
    lanes: ["caller 1", "caller 2", "caller 3", "the API"],
    bars: [
      [0, 0, 3, "embed(a)", "loop"],
      [1, 1, 3, "embed(b)", "loop"],
      [2, 2, 3, "embed(c)", "loop"],
      [3, 3.1, 9, "embed([a, b, c])", "thread"],
      [0, 3.1, 9, "waits", "wait"],
      [1, 3.1, 9, "waits", "wait"],
      [2, 3.1, 9, "waits", "wait"],
      [0, 9.1, 11, "vector of a", "loop"],
      [1, 9.1, 11, "vector of b", "loop"],
      [2, 9.1, 11, "vector of c", "loop"],
    ],
    notes: ["RunnableLambda.batched gathers what comes within maxWaitMs, up to maxBatchSize."],
  },
  {
    file: "recovery",
    title: "Recovery by halves: a worker dies, and only the guilty input fails",
    lanes: ["worker 1", "worker 2", "worker 3", "worker 4"],
    bars: [
      [0, 0, 4, "1 2 3 4: dies", "bad"],
      [1, 4.5, 8, "1 2", "thread"],
      [2, 4.5, 7.5, "3 4: dies", "bad"],
      [3, 8, 10.5, "3: dies", "bad"],
      [1, 8.1, 11.5, "4", "thread"],
    ],
    notes: [
      "Halves run by themselves until one input is alone: 3 fails with RUNLANE_WORKER_CRASHED, and 1, 2 and 4 have their outputs.",
    ],
  },
];

const LEFT = 128;
const UNIT = 32;
const LANE = 40;
const TOP = 52;

/** @param {Timeline} timeline */
export function draw({ title, lanes, bars, notes }) {
  const units = Math.max(...bars.map(([, , to]) => to));
  const width = LEFT + Math.ceil(units) * UNIT + 24;
  const height = TOP + lanes.length * LANE + 18 + notes.length * 20;
  const names = lanes.map(
    (name, lane) => `<text class="soft" x="16" y="${TOP + lane * LANE + 23}">${escaped(name)}</text>`,
  );
  const lines = lanes.map(
    (_, lane) =>
      `<line x1="${LEFT}" x2="${width - 16}" y1="${TOP + lane * LANE + 34}" y2="${TOP + lane * LANE + 34}"/>`,
  );
  const boxes = bars.map(([lane, from, to, text, kind]) => {
    const [x, y, wide] = [LEFT + from * UNIT, TOP + lane * LANE + 4, Math.max(3, (to - from) * UNIT)];
    const label =
      text === "" ? "" : `<text class="on ${kind}" x="${round(x + wide / 2)}" y="${y + 18}">${escaped(text)}</text>`;
    return `<rect class="${kind}" x="${round(x)}" y="${y}" width="${round(wide)}" height="26" rx="5"/>${label}`;
  });
  const below = notes.map(
    (note, index) =>
      `<text class="soft" x="16" y="${TOP + lanes.length * LANE + 24 + index * 20}">${escaped(note)}</text>`,
  );
  return page({ title, width, height, parts: [...lines, ...names, ...boxes, ...below] });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(at("docs/images"), { recursive: true });
  for (const timeline of TIMELINES) {
    const path = `docs/images/${timeline.file}.svg`;
    if (!process.argv.includes("--check")) writeFileSync(at(path), draw(timeline));
    else if (readFileSync(at(path), "utf8") !== draw(timeline)) {
      console.log(`${path} is not what scripts/timelines.mjs draws`);
      process.exitCode = 1;
    }
  }
}
