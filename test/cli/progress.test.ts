import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { formatBytes, formatDuration, formatRate, formatRemaining } from "../../src/cli/display/format.ts";
import { describeProgress, startLines, startProgress } from "../../src/cli/display/progress.ts";
import { startBar } from "../../src/cli/display/progress-bar.ts";
import { resourceTable, summary } from "../../src/cli/display/summary.ts";
import type { Report } from "../../src/cli/run/report.ts";
import { resourceRows } from "../../src/cli/run/report.ts";
import { ProgressMeter } from "../../src/cli/run/run-counts.ts";
import { warmUp } from "../../src/cli/run/warm-up.ts";
import { RunnableLambda, resource } from "../../src/index.ts";
import { Plan } from "../../src/plan/plan.ts";

describe("ProgressMeter", () => {
  function meterAt(total?: number, read: () => number | undefined = () => undefined) {
    let time = 0;
    const meter = new ProgressMeter(total, read, () => time);
    return {
      meter,
      wait: (ms: number) => (time += ms),
      count: (times: number) => repeat(times, () => meter.count(false)),
    };
  }
  const repeat = (times: number, action: () => void) => Array.from({ length: times }, action);

  it("estimates the remaining time from a total", () => {
    const { meter, wait, count } = meterAt(100);
    wait(1000);
    count(25);
    expect(meter.state()).toMatchObject({ done: 25, failed: 0, perSecond: 25, fraction: 0.25, remainingMs: 3000 });
  });

  it("estimates the remaining time from the share of the source that has been read", () => {
    let read = 0;
    const { meter, wait, count } = meterAt(undefined, () => read);
    count(1);
    wait(1000);
    read = 0.2;
    expect(meter.state()).toMatchObject({ fraction: 0.2, remainingMs: 4000 });
  });

  it("leaves out of the estimate what earlier runs have done", () => {
    let read = 0.5;
    const { meter, wait, count } = meterAt(undefined, () => read);
    count(1);
    wait(1000);
    read = 0.75;
    expect(meter.state()).toMatchObject({ fraction: 0.75, remainingMs: 1000 });
  });

  it("takes the larger share when a limit is beyond the end of the source", () => {
    const { meter, wait, count } = meterAt(1_000_000, () => 0.5);
    wait(1000);
    count(10);
    expect(meter.state().fraction).toBe(0.5);
  });

  it("estimates nothing before the first input is done, nor without a total", () => {
    expect(meterAt(10).meter.state()).toMatchObject({ fraction: 0, remainingMs: undefined });
    expect(meterAt().meter.state()).toMatchObject({ fraction: undefined, remainingMs: undefined });
    expect(meterAt(0).meter.state().fraction).toBe(1);
  });
});

describe("progress on no terminal", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is a line every few seconds until it is stopped", () => {
    const lines: string[] = [];
    const progress = startLines(
      new ProgressMeter(
        10,
        () => undefined,
        () => 0,
      ),
      (line) => lines.push(line),
    );
    vi.advanceTimersByTime(1000);
    expect(lines).toHaveLength(0);
    vi.advanceTimersByTime(15_000);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe("runlane: 0 done (0%), 0.00/s");
    progress.stop();
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(3);
  });

  it("tells count, share, failures, rate and remaining time", () => {
    const state = { done: 1200, failed: 3, elapsedMs: 4000, perSecond: 300, fraction: 0.24, remainingMs: 12_600 };
    expect(describeProgress(state)).toBe("1,200 done (24%), 3 failed, 300/s, about 13 s left");
  });
});

describe("progress on a terminal", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A terminal that keeps what is written to it. */
  class Terminal extends Writable {
    readonly isTTY = true;
    readonly columns = 100;
    text = "";
    override _write(chunk: Buffer, _encoding: string, done: () => void): void {
      this.text += chunk;
      done();
    }
  }

  it("is a bar with count, rate and remaining time, which goes away in the end", () => {
    const terminal = new Terminal();
    let time = 0;
    const meter = new ProgressMeter(
      4000,
      () => undefined,
      () => time,
    );
    const progress = startBar(meter, terminal as unknown as NodeJS.WriteStream);
    for (let count = 0; count < 1000; count++) meter.count(count < 3);
    time = 2000;
    vi.advanceTimersByTime(200);
    expect(terminal.text).toContain("████████░");
    expect(terminal.text).toContain(" 25% | 1,000 done, 3 failed | 500/s | 6 s left");
    progress.print("a line");
    expect(terminal.text).toMatch(/\[2Ka line\n/);
    terminal.text = "";
    vi.advanceTimersByTime(200);
    progress.stop();
    expect(terminal.text.endsWith("\u001b[2K")).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("has no bar when nobody knows how many inputs there are", () => {
    const terminal = new Terminal();
    const meter = new ProgressMeter(undefined, () => undefined);
    const progress = startBar(meter, terminal as unknown as NodeJS.WriteStream);
    progress.stop();
    expect(terminal.text).toContain("0 done | 0.00/s | 0 s");
    expect(terminal.text).not.toMatch(/[█░%]/);
  });

  it("leaves the terminal to the records when they go there", async () => {
    const stderr = new Terminal() as unknown as NodeJS.WriteStream & Terminal;
    const meter = new ProgressMeter(10, () => undefined);
    const progress = await startProgress({ meter, stderr, quiet: false, recordsOnTerminal: true });
    vi.advanceTimersByTime(10_000);
    progress.print("a failure");
    progress.stop();
    expect(stderr.text).toBe("a failure\n");
  });
});

describe("figures", () => {
  it("have about three digits and a unit", () => {
    expect([0, 0.0004, 0.0123, 8.2512, 345.6, 1500, 75_000, 8_000_000, Number.NaN].map(formatDuration)).toEqual([
      "0.00 ms",
      "0.400 µs",
      "12.3 µs",
      "8.25 ms",
      "346 ms",
      "1.50 s",
      "1 min 15 s",
      "2 h 13 min",
      "-",
    ]);
    expect([400, 59_600, 61_000].map(formatRemaining)).toEqual(["0 s", "1 min 0 s", "1 min 1 s"]);
    expect([0.5, 9.126, 1234.5].map(formatRate)).toEqual(["0.500/s", "9.13/s", "1,235/s"]);
    expect([182_400_000, 2_345_000_000].map(formatBytes)).toEqual(["182 MB", "2.35 GB"]);
  });

  it("stand in a table of resources, all workers of a lane in one row", () => {
    const status = { name: "model", scope: "worker", state: "ready", where: "thread", loads: 1, memory: 20e6 } as const;
    const rows = resourceRows([
      { ...status, where: "loop", worker: null, loads: 0, loadMs: null, memory: null, state: "idle" },
      { ...status, worker: 1, loadMs: 80 },
      { ...status, worker: 2, loadMs: 250.1234, loads: 2 },
      { ...status, name: "broken", worker: 1, loadMs: 5, memory: null, state: "failed", error: new Error("no\nmodel") },
    ]);
    expect(rows[1]).toEqual({
      name: "model",
      where: "thread",
      loads: 3,
      loadMs: 250.123,
      memoryBytes: 40e6,
      memoryPerWorkerBytes: 20e6,
      error: null,
    });
    expect(resourceTable(rows)).toEqual([
      "resource  where   loads  load time  memory  per worker",
      "model     loop    0",
      "model     thread  3      250 ms     40 MB   20 MB",
      "broken    thread  1      5.00 ms                        failed: no model",
    ]);
  });
});

describe("the end of a run", () => {
  const row = {
    name: "parse",
    lane: "loop",
    inputs: 1234,
    failed: 2,
    p50Ms: 0.5,
    p99Ms: 2,
    totalMs: 1500,
    histogram: [],
  };
  const { histogram: _, name, lane, ...figures } = row;
  const step = { name, lane, depth: 0, why: "auto: it is async", resources: [], figures: { ...figures, share: 1 } };
  const plan = new Plan(
    "chain",
    [{ lane: "loop", steps: [step], fused: false }],
    ["a warning"],
    2000,
    "parse could run in threads",
  );
  const run = { pipeline: "p.mjs", input: "in put.jsonl" };
  const report: Report = {
    pipeline: "p.mjs",
    input: "in.jsonl",
    output: "out.jsonl",
    errors: "errors.jsonl",
    warmMs: null,
    startedAt: "2026-01-01T00:00:00.000Z",
    durationMs: 2000,
    end: "finished",
    exitCode: 1,
    firstIndex: 0,
    inputs: 1234,
    failed: 2,
    failedEarlier: false,
    inputsPerSecond: 617,
    loopBusy: 0.25,
    loopDelayP50Ms: 1,
    loopDelayP90Ms: 2,
    loopDelayP99Ms: 3,
    loopDelayMaxMs: 4,
    peakMemoryBytes: 100e6,
    steps: [row],
    holders: [],
    stages: plan.stages,
    warnings: plan.warnings,
    resources: [],
    lanes: [],
  };

  it("shows the plan with what was measured, warnings included, then the totals", async () => {
    expect(summary(report, plan, run)).toBe(
      `chain: 2.00 s
stage  step   lane  chunk  inputs  failed  p50       p99     share
1      parse  loop         1234    2       500.0 us  2.0 ms  100 %
parse: auto: it is async
warning: a warning

1,234 inputs in 2.00 s (617/s), 2 failed, loop busy 25 %, loop delay p99 3.00 ms, peak memory 100 MB
records: out.jsonl
failed inputs: errors.jsonl
first guess, not proved: parse could run in threads; to prove it:
  runlane doctor p.mjs --input 'in put.jsonl'`,
    );
  });

  it("shows the totals alone when nothing was run", async () => {
    const empty = { ...report, steps: [], inputs: 0, failed: 0, inputsPerSecond: 0 };
    expect(summary(empty, new Plan("chain", [], []), run)).toMatch(/^0 inputs in .*\nrecords: out\.jsonl$/);
  });
});

describe("--warm on a terminal", () => {
  it("shows how much has been loaded on one line, which goes away", async () => {
    const words = resource("words of the terminal", () => 1);
    const chain = RunnableLambda.from((x: number, { uses }) => x + uses.words, { uses: { words } });
    let text = "";
    const stderr = { isTTY: true, write: (part: string) => (text += part) } as unknown as NodeJS.WriteStream;
    const { signal } = new AbortController();
    expect(await warmUp(chain as never, { signal, stderr, quiet: false })).toBeGreaterThanOrEqual(0);
    expect(text).toBe("\r\u001b[2Kloading 1/1: words of the terminal (loop)\r\u001b[2K");
    text = "";
    await warmUp(chain as never, { signal, stderr, quiet: true });
    expect(text).toBe("");
  });
});
