// @ts-check
/**
 * Bar charts of a stored run of the benchmarks, docs/images/figures-*.svg: how long others take for what takes Runlane one. `npm run
 * figures` writes them together with the tables, and checks them.
 */
import { escaped, page, round } from "./svg.mjs";

/**
 * A chart shows all peers of some rows, the fast ones too. A row is `[suite, name of the row, what it says]`.
 * @type {readonly { file: string, title: string, rows: readonly (readonly [suite: string, name: string, says: string])[] }[]}
 */
const CHARTS = [
  {
    file: "figures-overhead",
    title: "Composing: time of a call, Runlane = 1",
    rows: [
      ["overhead", "invoke a sync lambda", "one sync function"],
      ["overhead", "10 sync steps", "ten sync steps"],
      ["overhead", "10 async steps", "ten async steps"],
      ["overhead", "parallel of 3 sync", "a parallel of three"],
      ["overhead", "generator, per chunk", "a chunk of a generator"],
      ["observe", "10 sync steps, one no-op handler", "ten steps, a handler"],
      ["observe", "streamEvents of 10 sync steps", "streamEvents, ten steps"],
    ],
  },
  {
    file: "figures-lanes",
    title: "Threads: time of an input, Runlane = 1",
    rows: [
      ["lanes", "batch 100,000 tiny, each", "tiny inputs, in a batch"],
      ["lanes", "20,000 tiny invokes, each", "tiny inputs, many calls"],
      ["lanes", "one invoke at a time", "one call at a time"],
      ["lanes", "2,000 x 1 ms CPU", "1 ms of CPU each"],
      ["lanes", "1000 x 10 kB there and back", "objects of 10 kB"],
    ],
  },
  {
    file: "figures-batch",
    title: "Batches on the event loop: time of all inputs, Runlane = 1",
    rows: [
      ["batch", "batch 1,000 x 3 sync", "1,000 x 3 sync steps"],
      ["batch", "batch 1,000,000 x 3 sync", "1,000,000 x 3 sync steps"],
      ["batch", "batch 10,000 x 1 s", "10,000 that wait 1 s"],
    ],
  },
];

/** The columns: what is measured, who, the bars on a scale of powers of ten. */
const [WIDTH, NAMES, FROM, RIGHT] = [720, 16, 320, 640];
const [TOP, LINE, GAP] = [76, 18, 10];

/**
 * The charts of a run.
 *
 * @param {import("./figures.mjs").StoredRun} run
 * @returns {{ path: string, svg: string }[]}
 */
export function charts({ rows: measured }) {
  return CHARTS.map(({ file, title, rows }) => {
    const groups = rows.map(([suite, name, says]) => {
      const peers = measured.flatMap((row) =>
        row.suite === suite && row.name === name && row.peer !== null && row.peerValue !== null
          ? [{ name: row.peer, times: row.peerValue / row.value }]
          : [],
      );
      if (peers.length === 0) throw new Error(`The stored run has no row ${name} of the suite ${suite} with a peer.`);
      return { says, bars: [{ name: "Runlane", times: 1 }, ...peers].sort((a, b) => a.times - b.times) };
    });
    return { path: `docs/images/${file}.svg`, svg: draw(title, groups) };
  });
}

/** @param {string} title @param {readonly { says: string, bars: readonly { name: string, times: number }[] }[]} groups */
function draw(title, groups) {
  const all = groups.flatMap(({ bars }) => bars.map(({ times }) => Math.log10(times)));
  const [low, high] = [Math.floor(Math.min(...all)), Math.ceil(Math.max(...all))];
  const x = (/** @type {number} */ times) => round(FROM + ((Math.log10(times) - low) * (RIGHT - FROM)) / (high - low));
  const parts = [];
  let y = TOP;
  for (const { says, bars } of groups) {
    parts.push(`<text x="${NAMES}" y="${y + 12}">${escaped(says)}</text>`);
    for (const { name, times } of bars) {
      const kind = name === "Runlane" ? "loop" : "peer";
      parts.push(
        `<text class="soft" x="${FROM - 8}" y="${y + 12}" text-anchor="end">${escaped(name)}</text>`,
        `<rect class="${kind}" x="${FROM}" y="${y}" width="${Math.max(1, round(x(times) - FROM))}" height="${LINE - 4}" rx="2"/>`,
        `<text class="soft" x="${x(times) + 6}" y="${y + 12}">${label(times)}</text>`,
      );
      y += LINE;
    }
    y += GAP;
  }
  const marks = [];
  for (let power = low; power <= high; power++) {
    const at = x(10 ** power);
    marks.push(
      `<line x1="${at}" y1="${TOP - 8}" x2="${at}" y2="${y - GAP}"/>`,
      `<text class="soft" x="${at}" y="${TOP - 14}" text-anchor="middle">${label(10 ** power)}</text>`,
    );
  }
  return page({ title, width: WIDTH, height: y + 6, parts: [...marks, ...parts] });
}

/** A factor with as many digits as mean something. */
function label(/** @type {number} */ times) {
  if (times >= 100) return Math.round(times).toLocaleString("en-US");
  return `${Number(times.toPrecision(2))}`;
}
