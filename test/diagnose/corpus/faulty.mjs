// Small pipelines, each with one known fault. `finding` is what the doctor has to find; `onlyBusy` says that it is one of the machine, and
// `provedIn` the metric that has to prove it.

import { execFileSync } from "node:child_process";
import { pbkdf2Sync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { RunnableLambda, RunnablePassthrough, RunnableSequence, resource } from "runlane";

const range = (count, of = (at) => at) => Array.from({ length: count }, (_, at) => of(at));
const objects = (count) => range(count, (id) => ({ id }));
const limited = { config: { maxConcurrency: 4 } };

const FILE = join(mkdtempSync(join(tmpdir(), "runlane-corpus-")), "file");
writeFileSync(FILE, Buffer.alloc(6_000_000));
process.on("exit", () => rmSync(dirname(FILE), { recursive: true, force: true }));

const ROUNDS = 1_000_000;
const table = [3, 1, 4, 1, 5];
const options = { rounds: 1_000_000 };
/** What nobody takes out again. */
const known = [];
let loads = 0;
/** The last ones of what is made. */
const rows = [];
const text = range(30_000, (at) => `word${at}`).join(" ");

/** A model that takes its time for each call, and a little for each text. */
const model = async (texts) => {
  await sleep(8 + texts.length * 0.05);
  return texts.map((text) => String(text).length);
};
/** A model that answers one call at a time. */
function queued(ms) {
  let last = Promise.resolve();
  return (input) => {
    const answer = last.then(() => sleep(ms, input));
    last = answer;
    return answer;
  };
}
/** A server that answers so many calls in so many milliseconds, and refuses others. */
function limiting(calls, perMs) {
  let times = [];
  return async (input) => {
    const now = Date.now();
    times = times.filter((at) => now - at < perMs);
    if (times.length >= calls) throw Object.assign(new Error("too many requests"), { status: 429 });
    times.push(now);
    await sleep(2);
    return input;
  };
}
const flaky = (permanent) => async (input) => {
  await sleep(1);
  if (input % 2 === 0) throw permanent(input);
  return input;
};
class Refused extends Error {
  name = "Refused";
}
const retry = { stopAfterAttempt: 4, backoff: { initialDelayMs: 5 } };
const waits =
  (key) =>
  async ({ id }) => {
    await sleep(6);
    return `${key}${id}`;
  };

export const faulty = {
  // A function that computes, and that `auto` leaves alone.
  "a loop that counts": {
    finding: "cpu-on-loop",
    inputs: range(12),
    pipeline: RunnableLambda.from(async (x) => {
      let n = 0;
      for (let i = 0; i < 2e6; i++) n = (n * 31 + i + x) | 0;
      return n;
    }),
  },
  "sorting before an answer": {
    finding: "cpu-on-loop",
    inputs: range(12),
    pipeline: RunnableLambda.from(async (x) => {
      const list = Array.from({ length: 30_000 }, (_, at) => (at * 7919 + x) % 104_729);
      for (let i = 0; i < 3; i++) list.sort((a, b) => (i % 2 === 0 ? a - b : b - a));
      return list[0];
    }),
  },
  "a regular expression that tries everything": {
    finding: "cpu-on-loop",
    inputs: objects(12),
    pipeline: RunnablePassthrough.assign({
      match: async ({ id }) => /^(a+)+$/.test(`${"a".repeat(21)}b${id}`),
    }),
  },
  "computing inside a sequence": {
    finding: "cpu-on-loop",
    inputs: range(12),
    pipeline: RunnableSequence.from([
      async (x) => x + 1,
      async (x) => {
        let n = 0;
        for (let i = 0; i < 2e6; i++) n = (n * 31 + i + x) | 0;
        return n;
      },
      (x) => x * 2,
    ]),
  },
  "a constant of the module": {
    finding: "captured-keeps-on-loop",
    inputs: range(12),
    pipeline: RunnableLambda.from((x) => {
      let n = 0;
      for (let i = 0; i < ROUNDS * 2; i++) n = (n * 31 + i + x) | 0;
      return n;
    }),
  },
  "a table of the module": {
    finding: "captured-keeps-on-loop",
    inputs: range(12),
    pipeline: RunnableLambda.from((x) => {
      let n = 0;
      for (let i = 0; i < 2e6; i++) n = (n + table[(i + x) % 5]) | 0;
      return n;
    }),
  },
  "options of the module": {
    finding: "captured-keeps-on-loop",
    inputs: range(12),
    pipeline: RunnableLambda.from((x) => {
      let n = 0;
      for (let i = 0; i < options.rounds * 2; i++) n = (n * 31 + i + x) | 0;
      return n;
    }),
  },
  "reading a file that takes its time": {
    finding: "blocking-io",
    inputs: range(8),
    pipeline: RunnableLambda.from((x) => {
      for (let i = 0; i < 3; i++) readFileSync(FILE);
      return x;
    }),
  },
  "a program that is waited for": {
    finding: "blocking-io",
    inputs: range(6),
    pipeline: RunnableLambda.from((x) => {
      execFileSync("sleep", ["0.05"]);
      return x;
    }),
  },
  "deriving keys": {
    finding: "blocking-io",
    inputs: range(10),
    pipeline: RunnableLambda.from((x) => pbkdf2Sync(String(x), "salt", 40_000, 32, "sha256").toString("hex")),
  },
  compressing: {
    finding: "blocking-io",
    inputs: range(10),
    pipeline: RunnableLambda.from((x) => gzipSync(Buffer.alloc(1_500_000, `${x} and more`)).length),
  },
  "sleeping on a lock": {
    finding: "blocking-io",
    inputs: range(10),
    pipeline: RunnableLambda.from((x) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 25);
      return x;
    }),
  },
  "sleeping on a lock, behind what holds the loop for longer": {
    finding: "blocking-io",
    provedIn: "batch ms",
    inputs: range(12),
    pipeline: RunnableLambda.from((x) => {
      if (x === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
      return x;
    })
      .pipe(async (x) => sleep(20, x))
      .pipe((x) => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 25);
        return x;
      }),
  },
  "two lookups after each other": {
    finding: "serial-awaits",
    inputs: objects(24),
    pipeline: RunnablePassthrough.assign({ docs: waits("doc") }).pipe(
      RunnablePassthrough.assign({ user: waits("user") }),
    ),
  },
  "three lookups after each other": {
    finding: "serial-awaits",
    inputs: objects(24),
    pipeline: RunnableSequence.from([
      RunnablePassthrough.assign({ a: waits("a") }),
      RunnablePassthrough.assign({ b: waits("b") }),
      RunnablePassthrough.assign({ c: waits("c") }),
    ]),
  },
  "lookups after each other inside a longer chain": {
    finding: "serial-awaits",
    inputs: range(24),
    pipeline: RunnableSequence.from([
      (id) => ({ id }),
      RunnablePassthrough.assign({ a: waits("a") }),
      RunnablePassthrough.assign({ b: waits("b") }),
      ({ a, b }) => a + b,
    ]),
  },
  "four at once, where sixteen could wait": {
    finding: "concurrency-low",
    inputs: range(80),
    options: limited,
    pipeline: RunnableLambda.from(async (x) => sleep(6, x)),
  },
  "one at a time": {
    finding: "concurrency-low",
    inputs: range(40),
    options: { config: { maxConcurrency: 1 } },
    pipeline: RunnableLambda.from(async (x) => sleep(5, x)),
  },
  "a queue that everybody stands in": {
    finding: "concurrency-high",
    inputs: range(60),
    pipeline: RunnableLambda.from(queued(3)),
  },
  "a queue behind a first step": {
    finding: "concurrency-high",
    inputs: range(60),
    pipeline: RunnableSequence.from([(x) => x + 1, queued(4)]),
  },
  "too many requests": {
    finding: "rate-limited",
    inputs: range(40),
    pipeline: RunnableLambda.from(limiting(5, 50)).withRetry({
      stopAfterAttempt: 60,
      backoff: { initialDelayMs: 5, maxDelayMs: 20 },
    }),
  },
  "too many requests, with a limit of four": {
    finding: "rate-limited",
    inputs: range(40),
    options: limited,
    pipeline: RunnableLambda.from(limiting(2, 40)).withRetry({
      stopAfterAttempt: 60,
      backoff: { initialDelayMs: 5, maxDelayMs: 20 },
    }),
  },
  "what is refused is asked again": {
    finding: "retry-storm",
    inputs: range(30),
    options: limited,
    pipeline: RunnableLambda.from(flaky((x) => Object.assign(new Error(`bad ${x}`), { status: 400 }))).withRetry(retry),
  },
  "what cannot be parsed is parsed again": {
    finding: "retry-storm",
    inputs: range(30),
    options: limited,
    pipeline: RunnableLambda.from(flaky((x) => new Refused(`bad ${x}`))).withRetry(retry),
  },
  "a model with one text at a time": {
    finding: "unbatched-calls",
    inputs: range(48, (at) => `text ${at}`),
    options: limited,
    pipeline: RunnableLambda.from(async (text) => (await model([text]))[0]),
  },
  "a model with one text at a time, in a block": {
    finding: "unbatched-calls",
    inputs: range(48, (at) => `text ${at}`),
    options: limited,
    pipeline: RunnableSequence.from([
      (text) => text.trim(),
      async (text) => {
        return (await model([text]))[0];
      },
    ]),
  },
  "the same questions again": {
    finding: "repeated-inputs",
    inputs: range(60, (at) => at % 5),
    options: limited,
    pipeline: RunnableLambda.from(async (x) => sleep(6, x)),
  },
  "the same questions in the middle of a chain": {
    finding: "repeated-inputs",
    inputs: range(60),
    options: limited,
    pipeline: RunnableSequence.from([(x) => ({ country: x % 3 }), async ({ country }) => sleep(6, `c${country}`)]),
  },
  "two texts a call": {
    finding: "chunk-size",
    inputs: range(64, (at) => `text ${at}`),
    pipeline: RunnableLambda.batched(model, { maxBatchSize: 2, maxWaitMs: 0 }),
  },
  "four texts a call": {
    finding: "chunk-size",
    inputs: range(64, (at) => `text ${at}`),
    pipeline: RunnableSequence.from([
      (text) => text.trim(),
      RunnableLambda.batched(model, { maxBatchSize: 4, maxWaitMs: 0 }),
    ]),
  },
  "an addition in a process": {
    finding: "tiny-step-on-lane",
    inputs: range(3000),
    pipeline: RunnableLambda.from((x) => x + 1).withLane("process"),
  },
  "an addition in a thread": {
    finding: "tiny-step-on-lane",
    inputs: range(3000),
    pipeline: RunnableLambda.from((x) => x + 1).withLane("thread"),
  },
  "megabytes sent for one number": {
    finding: "cloning-cost",
    inputs: range(24, (at) => ({ at, rows: range(40_000, (row) => `row ${row}`) })),
    pipeline: RunnableLambda.from(({ at, rows }) => rows.indexOf("row 39999") + at).withLane("thread"),
  },
  "a model that the first call loads": {
    finding: "cold-resource",
    inputs: range(24),
    // One of its own each time: what is loaded stays loaded.
    get pipeline() {
      const weights = resource(`weights ${++loads}`, async () => sleep(400, [1, 2, 3]));
      return RunnableLambda.from(async (x, { uses }) => sleep(2, x + uses.weights.length), { uses: { weights } });
    },
  },
  "a package that takes its time": {
    finding: "slow-import",
    inputs: range(24),
    options: { importMs: 900 },
    pipeline: RunnableLambda.from(async (x) => sleep(2, x)),
  },
  "a map that only grows": {
    finding: "memory-growth",
    inputs: range(60),
    pipeline: RunnableLambda.from((x) => {
      known.push(Array.from({ length: 10_000 }, (_, at) => at + x / 2));
      return x;
    }),
  },
  "more objects than there is room for": {
    finding: "gc-pressure",
    inputs: range(60),
    pipeline: RunnableLambda.from((x) => {
      rows.push(text.split(" "));
      if (rows.length > 24) rows.shift();
      return x;
    }),
  },
  "a machine with other things to do": {
    finding: "starved-machine",
    onlyBusy: true,
    inputs: range(40),
    pipeline: RunnableLambda.from(async (x) => {
      let n = 0;
      for (let i = 0; i < 4e6; i++) n = (n * 31 + i + x) | 0;
      return n;
    }),
  },
};
