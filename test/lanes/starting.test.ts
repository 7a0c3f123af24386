import { afterEach, describe, expect, it, vi } from "vitest";
import { Pool } from "../../src/lanes/pool/pool.ts";
import { poolSettings } from "../../src/lanes/pool/pool-options.ts";
import type { Transport, WorkerEvents } from "../../src/lanes/protocol/transport.ts";
import { open, range, stageOf } from "./helpers.ts";

/** Workers that do what a test says while they start, and give inputs back as they are once they have started. */
class FakeTransport implements Transport {
  readonly sharesMemory = false;
  readonly workers: WorkerEvents[] = [];

  constructor(private readonly onStart: (events: WorkerEvents, number: number) => void) {}

  start(events: WorkerEvents) {
    const number = this.workers.push(events);
    queueMicrotask(() => this.onStart(events, number));
    const gone = { code: 0, signal: null };
    return {
      send(message: { type: string; chunk?: number; inputs?: readonly unknown[] }) {
        if (message.type === "stop") queueMicrotask(() => events.onExit(gone));
        const { type, chunk = 0, inputs: values = [] } = message;
        const { length: started } = values;
        const report = { chunk, from: 0, values, started, returned: true, busyMs: 1, cpuMs: 0 };
        if (type === "run") queueMicrotask(() => events.onMessage({ type: "report", ...report }));
      },
      progress: () => null,
      vitals: () => ({ signs: 0, received: undefined, isExcused: true }),
      kill: () => events.onExit({ code: 1, signal: null }),
      endNow: () => () => {},
    };
  }
}

function poolOf(onStart: (events: WorkerEvents, number: number) => void) {
  const transport = new FakeTransport(onStart);
  const pool = new Pool("fake", transport, poolSettings("fake", { max: 1, startTimeoutMs: 100 }, 2));
  return { transport, pool };
}

const stage = { id: 0, label: "echo", shipped: {} };
const killed = { code: null, signal: "SIGKILL" };

afterEach(() => {
  vi.useRealTimers();
});

describe("a worker that is killed while it starts", () => {
  it("costs nobody anything: another one is started", async () => {
    const { pool, transport } = poolOf((events, number) => {
      if (number < 3) events.onExit(killed);
      else events.onMessage({ type: "ready" });
    });
    expect(await Promise.all(range(5).map((value) => pool.run(stage, value)))).toEqual(range(5));
    expect(transport.workers).toHaveLength(3);
    await pool.close();
  });

  it("is not tried again without end", async () => {
    const { pool, transport } = poolOf((events) => events.onExit(killed));
    await expect(pool.run(stage, 1)).rejects.toMatchObject({
      code: "RUNLANE_WORKER_START",
      message: expect.stringMatching(/SIGKILL/),
    });
    expect(transport.workers).toHaveLength(4);
    await pool.close();
  });

  it("is not tried again when it ended by itself", async () => {
    const { pool, transport } = poolOf((events) => events.onExit({ code: 1, signal: null }));
    await expect(pool.run(stage, 1)).rejects.toMatchObject({ code: "RUNLANE_WORKER_START" });
    expect(transport.workers).toHaveLength(1);
    await pool.close();
  });
});

describe("the time that a worker may take to start", () => {
  it("counts from its first sign of life", async () => {
    vi.useFakeTimers();
    const { pool, transport } = poolOf(() => {});
    const call = pool.run(stage, "in time");
    await vi.advanceTimersByTimeAsync(500);
    transport.workers[0]!.onAlive();
    await vi.advanceTimersByTimeAsync(99);
    transport.workers[0]!.onMessage({ type: "ready" });
    expect(await call).toBe("in time");
    await pool.close();
  });

  it("ends although it gives none", async () => {
    vi.useFakeTimers();
    const { pool } = poolOf(() => {});
    const call = expect(pool.run(stage, 1)).rejects.toThrow("not ready after 600 ms");
    await vi.advanceTimersByTimeAsync(600);
    await call;
    await pool.close();
  });
});

it("a step is not blamed for what an earlier one left behind in the worker", async () => {
  await using lane = open("thread", { max: 1 });
  await lane.run(stageOf("rejects", "leftovers"), { value: 1, bad: true });
  expect(await Promise.all(range(3).map((value) => lane.run(stageOf("double"), value)))).toEqual([0, 2, 4]);
});
