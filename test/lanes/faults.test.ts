import { describe, expect, it } from "vitest";
import type { LaneStage } from "../../src/lanes/lane.ts";
import type { PoolOptions } from "../../src/lanes/pool/pool-options.ts";
import { everything } from "../everything.ts";
import { fixture, KINDS, type Kind, open, range, stageOf } from "./helpers.ts";

/** One way for an input, or a stage, to end its worker. */
interface Fault {
  readonly name: string;
  readonly kinds: readonly Kind[];
  readonly stage: () => LaneStage;
  /** What becomes of the input that does it. */
  readonly guilty: { code?: string; name?: string; message?: RegExp };
  /** Whether the whole stage fails, so that nobody succeeds. */
  readonly all?: boolean;
  readonly options?: PoolOptions;
  readonly timeoutMs?: number;
}

const crash = (message: RegExp) => ({ code: "RUNLANE_WORKER_CRASHED", message });
const start = (message: RegExp) => ({ code: "RUNLANE_WORKER_START", message });
const refused = (message: RegExp) => ({ code: "RUNLANE_NOT_SERIALIZABLE", message });
const of = (exportName: string) => () => stageOf(exportName, "faults");
const module = (name: string) => () => stageOf("step", name);

const ONE = everything ? KINDS : KINDS.slice(0, 1);

const FAULTS: Fault[] = [
  { name: "exit 0", kinds: KINDS, stage: of("exit0"), guilty: crash(/exit0 .*exited with code 0/) },
  { name: "exit 1", kinds: KINDS, stage: of("exit1"), guilty: crash(/exit1 .*exited with code 1/) },
  { name: "a throw in a timer", kinds: KINDS, stage: of("timerThrows"), guilty: crash(/RangeError: from a timer/) },
  {
    name: "an unhandled rejection",
    kinds: KINDS,
    stage: of("rejectionUnhandled"),
    guilty: crash(/RangeError: nobody handles this/),
  },
  { name: "SIGKILL", kinds: ["process"], stage: of("killed"), guilty: crash(/SIGKILL/) },
  { name: "a segmentation fault", kinds: ["process"], stage: of("segfault"), guilty: crash(/SIGSEGV/) },
  { name: "process.abort()", kinds: ["process"], stage: of("aborted"), guilty: crash(/SIGABRT/) },
  {
    name: "the heap limit",
    kinds: KINDS,
    stage: of("heapLimit"),
    guilty: crash(/heapLimit/),
    options: { resourceLimits: { maxOldGenerationSizeMb: 24 } },
  },
  {
    name: "an endless loop",
    kinds: KINDS,
    stage: of("endless"),
    guilty: { name: "TimeoutError", message: /endless took longer than its timeout of 80 ms/ },
    options: { graceMs: 20 },
    timeoutMs: 80,
  },
  {
    name: "an output of 2,250 levels",
    kinds: KINDS,
    stage: of("deepOutput"),
    guilty: refused(/output, .* too deeply/),
  },
  {
    name: "an error with a field of 2,250 levels",
    kinds: KINDS,
    stage: of("deepError"),
    guilty: { name: "TypeError", message: /^deep inside$/ },
  },
  {
    name: "an output that can be written and not read",
    kinds: ["process"],
    stage: of("unreadable"),
    guilty: refused(/output is an instance of Module/),
  },
  {
    name: "messages of its own before an exit",
    kinds: KINDS,
    stage: of("talkative"),
    guilty: crash(/talkative .*exited with code 1/),
  },
  {
    name: "bytes of its own among the messages",
    kinds: ["process"],
    stage: of("intruder"),
    guilty: crash(/intruder .*Something else than messages was written/),
  },
  { name: "a throw on import", kinds: KINDS, stage: module("throws"), guilty: start(/cannot be loaded/), all: true },
  { name: "an exit on import", kinds: KINDS, stage: module("exits"), guilty: start(/exited with code 3/), all: true },
  {
    name: "an endless import",
    kinds: KINDS,
    stage: module("hangs"),
    // A process that has not even begun after six times as long is given up, too.
    guilty: start(/not (loaded|ready) after (300|1800) ms/),
    all: true,
    options: { startTimeoutMs: 300 },
  },
  {
    name: "a failed bootstrap",
    kinds: KINDS,
    stage: () => stageOf("double"),
    guilty: start(/exited with code 1/),
    all: true,
    options: { execArgv: ["--import", fixture("bad-preload")] },
  },
];

/** What processes do in their own way, or threads cannot. */
const OF_PROCESSES = new Set([
  "exit 1",
  "SIGKILL",
  "an output that can be written and not read",
  "bytes of its own among the messages",
  "an endless import",
  "a failed bootstrap",
]);

/** What goes the same way as another one of these, once its worker is gone. */
const ALIKE = new Set([
  "exit 0",
  "exit 1",
  "an unhandled rejection",
  "an error with a field of 2,250 levels",
  "messages of its own before an exit",
  "an exit on import",
]);

/** One of each way to end, with nobody else there. */
const ALONE = new Set(["an endless loop", "an endless import"]);

const CELLS = FAULTS.flatMap((fault) =>
  fault.kinds.flatMap((kind) =>
    [0, 1, 50].flatMap((queued) => [1, 2, 4].map((workers) => ({ name: fault.name, kind, queued, workers, fault }))),
  ),
).filter(({ name, kind, queued, workers }) => {
  if (everything) return true;
  if (ALIKE.has(name)) return false;
  // The parent's side is one for both kinds, so threads stand for processes where those do not end in a way of their own.
  if (kind === "process") return queued === 1 && workers === 1 && OF_PROCESSES.has(name);
  if (queued === 50 && workers === 2) return !OF_PROCESSES.has(name);
  return kind === "thread" && queued === 0 && workers === 1 && ALONE.has(name);
});

describe("a worker that ends costs the guilty input alone", () => {
  it.each(CELLS)("$name, $kind, $queued queued, $workers workers", { timeout: 120_000 }, async (cell) => {
    const { fault, kind, queued, workers } = cell;
    const { guilty, all = false, timeoutMs } = fault;
    await using lane = open(kind, { max: workers, ...fault.options });
    const stage = fault.stage();
    const settlements: number[] = [];
    const bad = Math.floor(queued / 3);
    const calls = range(queued + 1).map((index) => {
      settlements[index] = 0;
      const count = () => {
        settlements[index]! += 1;
      };
      const call = lane.run(
        stage,
        { value: index, bad: index === bad },
        { timeoutMs: index === bad ? timeoutMs : undefined },
      );
      call.then(count, count);
      return call;
    });
    const outcomes = await Promise.allSettled(calls);
    outcomes.forEach((outcome, index) => {
      if (index === bad || all) {
        expect(outcome.status).toBe("rejected");
        const { reason } = outcome as PromiseRejectedResult;
        if (guilty.code !== undefined) expect(reason).toMatchObject({ code: guilty.code });
        if (guilty.name !== undefined) expect(reason).toMatchObject({ name: guilty.name });
        expect(reason.message).toMatch(guilty.message!);
      } else {
        expect(outcome).toEqual({ status: "fulfilled", value: index * 2 });
      }
    });
    expect(settlements).toEqual(range(queued + 1).map(() => 1));
    expect(lane.capacity).toMatchObject({ queued: 0 });
    const next = lane.run(stage, { value: 7 });
    if (all) await expect(next).rejects.toMatchObject({ code: guilty.code });
    else await expect(next).resolves.toBe(14);
  });

  it.each(ONE)("does not hold a timer that an input left behind against later ones: %s", async (kind) => {
    await using lane = open(kind, { max: 2 });
    const stage = stageOf("exitsLater", "faults");
    const outcomes = await Promise.all(range(40).map((value) => lane.run(stage, { value, bad: value === 5 })));
    expect(outcomes).toEqual(range(40).map((value) => value * 2));
  });
});

describe("suspects", () => {
  it.each(ONE)("are told apart although all other workers are busy: %s", async (kind) => {
    await using lane = open(kind, { max: 2 });
    await lane.warm();
    const spin = stageOf("spin");
    const steady = Promise.all(range(60).map(() => lane.run(spin, 5)));
    const stage = stageOf("timerThrows", "faults");
    const outcomes = await Promise.allSettled(range(20).map((value) => lane.run(stage, { value, bad: value === 3 })));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(19);
    expect(outcomes[3]).toMatchObject({ reason: { code: "RUNLANE_WORKER_CRASHED" } });
    await expect(steady).resolves.toHaveLength(60);
  });
});
