import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Lane } from "../../src/lanes/lane.ts";
import { everything } from "../everything.ts";
import { KINDS, type Kind, open, PATIENCE, range, stageOf } from "./helpers.ts";

/** How a worker is lost without the fault of any input that is still there. */
interface Loss {
  readonly name: string;
  readonly kinds: readonly Kind[];
  readonly step: string;
  /** How long a worker may be silent in this case. */
  readonly silenceMs?: number;
  /** What the warning says of it. */
  readonly cause: RegExp;
}

const SILENT = /gave no sign of life for 500 ms/;
const LOSSES: Loss[] = [
  { name: "a loop", kinds: KINDS, step: "loops", silenceMs: 500, cause: SILENT },
  { name: "a stopped process", kinds: ["process"], step: "stops", silenceMs: 500, cause: SILENT },
  { name: "a deaf thread", kinds: ["thread"], step: "deafens", silenceMs: 500, cause: SILENT },
  { name: "a timer that throws", kinds: KINDS, step: "timerThrows", cause: /uncaught RangeError: left behind/ },
  { name: "a rejection that nobody handles", kinds: KINDS, step: "rejects", cause: /uncaught RangeError: left behind/ },
];

/** The kind of worker that stands for both. */
const TYPICAL: Record<string, Kind> = {
  "a loop": "thread",
  "a timer that throws": "process",
  "a rejection that nobody handles": "thread",
};
const ONE = everything ? KINDS : KINDS.slice(0, 1);

const CELLS = LOSSES.flatMap((loss) =>
  loss.kinds.flatMap((kind) =>
    [1, 50].flatMap((later) => [1, 2].map((workers) => ({ name: loss.name, kind, later, workers, loss }))),
  ),
).filter(({ name, kind, later, workers }) => everything || (later === 50 && workers === 1 && kind === TYPICAL[name]));

/** What an input waits for, in whatever thread or process it runs: a file. */
class Gate {
  readonly file = join(mkdtempSync(join(tmpdir(), "runlane-gate-")), "open");

  constructor() {
    onTestFinished(() => rmSync(dirname(this.file), { recursive: true }));
  }

  open(): void {
    writeFileSync(this.file, "");
  }
}

let warnings: (Error & { code?: string })[] = [];
const note = (warning: Error): void => {
  warnings.push(warning);
};

beforeEach(() => {
  warnings = [];
  process.on("warning", note);
});

afterEach(() => {
  process.off("warning", note);
});

const lost = () => warnings.filter(({ code }) => code === "RUNLANE_WORKER_LOST");

/** Runs an input that leaves something behind, and others until its worker is gone. */
async function lose(lane: Lane, step: string): Promise<void> {
  const stage = stageOf(step, "leftovers");
  expect(await lane.run(stage, { value: 1, bad: true })).toBe(2);
  await vi.waitFor(async () => {
    expect(await lane.run(stage, { value: 2 })).toBe(4);
    expect(lane.statistics().some(({ lostWorkers = 0 }) => lostWorkers > 0)).toBe(true);
  }, PATIENCE);
}

describe("a worker that is lost after its input has settled costs no other input", () => {
  it.each(CELLS)("$name, $kind, $later later, $workers workers", { timeout: 120_000 }, async (cell) => {
    const { loss, kind, later, workers } = cell;
    const { silenceMs = 60_000 } = loss;
    await using lane = open(kind, { max: workers, graceMs: 100 }, { silenceMs });
    await lose(lane, loss.step);
    const other = stageOf("double");
    const settlements = range(later).map(() => 0);
    const calls = range(later).map((index) => {
      const call = lane.run(other, { value: index });
      const count = () => {
        settlements[index]! += 1;
      };
      call.then(count, count);
      return call;
    });
    await Promise.allSettled(calls);
    expect(settlements).toEqual(range(later).map(() => 1));
    expect(lost()[0]?.message).toMatch(loss.cause);
    expect(lane.statistics()[0]?.hints?.join()).toMatch(loss.cause);
  });
});

describe("a worker that works is not taken for a silent one", () => {
  it.runIf(everything).each(KINDS)("in a function that computes for long: %s", async (kind) => {
    await using lane = open(kind, { max: 1 }, { silenceMs: 600 });
    const behind = lane.run(stageOf("computes", "leftovers"), 1000).then(() => lane.run(stageOf("double"), 1));
    const calls = [lane.run(stageOf("computes", "leftovers"), 900), lane.run(stageOf("double"), 2)];
    expect(await Promise.all(calls)).toEqual(["computed", 4]);
    expect(await behind).toBe(2);
    expect(lost()).toEqual([]);
  });

  it.each(everything ? KINDS : KINDS.slice(1))(
    "in one that computes after it has waited, with others behind it: %s",
    async (kind) => {
      await using lane = open(kind, { max: 1 }, { silenceMs: 600 });
      const stage = stageOf("computesLater", "leftovers");
      await lane.warm(stage);
      const long = lane.run(stage, 1200);
      const behind = range(20).map((value) => lane.run(stageOf("double"), value));
      expect(await long).toBe("computed");
      expect(await Promise.all(behind)).toEqual(range(20).map((value) => value * 2));
      expect(lost()).toEqual([]);
    },
  );
});

describe("a silent worker", () => {
  it.each(ONE)("does not hold a stream that it has not opened, nor a polite close: %s", async (kind) => {
    const lane = open(kind, { max: 1, graceMs: 100 }, { silenceMs: 600 });
    await lane.run(stageOf("loops", "leftovers"), { value: 1, bad: true });
    const chunks: unknown[] = [];
    for await (const chunk of lane.stream(stageOf("counts", "leftovers"), 3)) chunks.push(chunk);
    expect(chunks).toEqual([0, 1, 2]);
    await lane.run(stageOf("loops", "leftovers"), { value: 1, bad: true });
    const last = lane.run(stageOf("double"), 4);
    await lane.close();
    expect(await last).toBe(8);
  });

  it.runIf(everything)("is given up with an input that makes every worker silent", { timeout: 60_000 }, async () => {
    await using lane = open("thread", { max: 1, graceMs: 100 }, { silenceMs: 300 });
    const step = stageOf("step", "silences");
    await expect(lane.run(step, 1)).rejects.toMatchObject({
      code: "RUNLANE_WORKER_CRASHED",
      message: expect.stringMatching(/no sign of life/),
    });
    expect(await lane.run(stageOf("double"), 1)).toBe(2);
  });
});

describe("an input that only waits", () => {
  it.each(ONE)("blocks nobody when leftovers of another one end its worker: %s", async (kind) => {
    await using lane = open(kind, { max: 1 });
    const gate = new Gate();
    const long = lane.run(stageOf("waits", "leftovers"), { value: 5, gate: gate.file });
    await lose(lane, "timerThrows");
    let isThere = false;
    long.then(() => {
      isThere = true;
    });
    expect(await lane.run(stageOf("double"), 3)).toBe(6);
    expect(isThere).toBe(false);
    gate.open();
    expect(await long).toBe(10);
  });

  it.each(ONE)(
    "survives them again and again, in a worker beyond the limit: %s",
    { timeout: 120_000 },
    async (kind) => {
      await using lane = open(kind, { max: 1 });
      const gate = new Gate();
      const long = lane.run(stageOf("waits", "leftovers"), { value: 5, gate: gate.file });
      for (let round = 0; round < 3; round++)
        await lane.run(stageOf("timerThrows", "leftovers"), { value: 1, bad: true });
      gate.open();
      expect(await Promise.all([long, lane.run(stageOf("double"), 3)])).toEqual([10, 6]);
      await vi.waitFor(() => expect(lane.capacity.workers).toBeLessThanOrEqual(1), PATIENCE);
    },
  );
});

describe("workers that are lost", () => {
  it("are told of once for each cause and pool, and counted", async () => {
    await using lane = open("thread", { max: 1 });
    await lose(lane, "timerThrows");
    await lose(lane, "timerThrows");
    await lane.run(stageOf("timerThrows", "leftovers"), { value: 1, bad: true });
    expect(lost()).toHaveLength(1);
    expect(lost()[0]).toMatchObject({
      name: "RunlaneWarning",
      message: expect.stringMatching(/lane "thread".*left behind/),
    });
  });
});
