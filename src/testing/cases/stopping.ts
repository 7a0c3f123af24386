import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { getEventListeners } from "node:events";
import { freshKey, has, range, rejection, rejects, until } from "../expectations.ts";
import type { Bench, CaseDefinition } from "../lane-case.ts";
import { stageOf, unmakeable } from "../stage-of.ts";
import { countLater, double, doubleLater, forever, type Notes, never, notesOf, untilAborted } from "../steps.ts";

/** Waits until a worker has got all calls. */
export async function untilRunning({ lane, patienceMs }: Bench): Promise<void> {
  await until(patienceMs, "a worker has got the calls", () => lane.capacity.busy > 0 && lane.capacity.queued === 0);
}

export const STOPPING: CaseDefinition[] = [
  {
    name: "refuses a call whose signal has aborted already, and does not run it",
    async check({ lane }) {
      const key = freshKey();
      const stage = stageOf(untilAborted);
      await rejects(lane.run(stage, key, { signal: AbortSignal.abort() }), { name: "AbortError" });
      const reason = new RangeError("of the caller");
      strictEqual(await rejection(lane.run(stage, key, { signal: AbortSignal.abort(reason) })), reason);
      deepStrictEqual(await lane.run(stageOf(notesOf), key), {});
      deepStrictEqual({ ...lane.capacity, workers: 0 }, { workers: 0, busy: 0, queued: 0 });
    },
  },
  {
    name: "drops a waiting call that is aborted, at once, and runs the others",
    async check({ lane }) {
      const controller = new AbortController();
      const key = freshKey();
      const stage = stageOf(untilAborted);
      const dropped = lane.run(stage, key, { signal: controller.signal });
      const others = [lane.run(stageOf(double), 1), lane.run(stageOf(double), 3)];
      controller.abort();
      await rejects(dropped, { name: "AbortError" });
      deepStrictEqual(await Promise.all(others), [2, 6]);
      deepStrictEqual(await lane.run(stageOf(notesOf), key), {});
    },
  },
  {
    name: "counts an aborted call out of the queue before anything else happens",
    needs: "queue",
    async check({ lane }) {
      const controller = new AbortController();
      const stage = stageOf(double);
      await lane.warm(stage);
      const calls = [lane.run(stage, 1), lane.run(stage, 2, { signal: controller.signal }), lane.run(stage, 3)];
      const { queued } = lane.capacity;
      controller.abort();
      strictEqual(lane.capacity.queued, queued - 1);
      await rejects(calls[1]!, { name: "AbortError" });
      deepStrictEqual([await calls[0], await calls[2]], [2, 6]);
    },
  },
  {
    name: "rejects a running call with the signal's reason, and shows the function that it aborts",
    async check(bench) {
      const { lane, patienceMs } = bench;
      const notes = stageOf(notesOf);
      const stage = stageOf(untilAborted);
      await lane.warm(stage);
      // A call may be stopped after its worker has got it and before it has called the function. Then it is tried again.
      await until(patienceMs, "a function has seen its signal abort", async () => {
        const key = freshKey();
        const controller = new AbortController();
        const call = rejection(lane.run(stage, key, { signal: controller.signal }));
        await untilRunning(bench);
        const reason = new Error("enough");
        controller.abort(reason);
        strictEqual(await call, reason);
        const { started, aborted, reason: seen } = (await lane.run(notes, key)) as Notes;
        if (started === undefined) return false;
        deepStrictEqual({ started, aborted, seen }, { started: 1, aborted: 1, seen: "enough" });
        return true;
      });
    },
  },
  {
    name: "rejects a call at once although its function takes no notice of the signal, and serves the next",
    async check(bench) {
      const { lane, patienceMs } = bench;
      const controller = new AbortController();
      const stage = stageOf(never);
      await lane.warm(stage);
      const deaf = rejection(lane.run(stage, null, { signal: controller.signal }));
      await untilRunning(bench);
      const neighbours = range(3).map((value) => lane.run(stageOf(doubleLater), value));
      controller.abort();
      has(await deaf, { name: "AbortError" });
      deepStrictEqual(await Promise.all(neighbours), [0, 2, 4]);
      await until(patienceMs, "nothing is busy any more", () => lane.capacity.busy === 0);
    },
  },
  {
    name: "ends an endless loop that is aborted, and runs what waits behind it",
    needs: "stopsLoops",
    async check(bench) {
      const { lane } = bench;
      const stage = stageOf(forever);
      await lane.warm(stage);
      const controller = new AbortController();
      const loop = rejection(lane.run(stage, true, { signal: controller.signal }));
      await until(bench.patienceMs, "the loop runs", () => lane.capacity.busy > 0);
      const behind = range(3).map((value) => lane.run(stageOf(double), value));
      controller.abort();
      has(await loop, { name: "AbortError" });
      deepStrictEqual(await Promise.all(behind), [0, 2, 4]);
    },
  },
  {
    name: "lets a call end as it did when its signal aborts afterwards",
    async check({ lane }) {
      const controller = new AbortController();
      const call = lane.run(stageOf(double), 4, { signal: controller.signal });
      strictEqual(await call, 8);
      controller.abort();
      strictEqual(await call, 8);
      strictEqual(await lane.run(stageOf(double), 5), 10);
    },
  },
  {
    name: "leaves no listeners on the signal: after outputs, failures, streams and an abort",
    async check({ lane }) {
      const controller = new AbortController();
      const { signal } = controller;
      const options = { signal };
      const stage = stageOf(doubleLater);
      await Promise.all(range(100).map((value) => lane.run(stage, value, options)));
      await rejection(lane.run(unmakeable("no stage"), 1, options));
      for await (const chunk of lane.stream(stageOf(countLater), 100, options)) if (chunk === 60) break;
      strictEqual(getEventListeners(signal, "abort").length, 0);
      const call = rejection(lane.run(stageOf(never), null, options));
      ok(getEventListeners(signal, "abort").length > 0, "a call that can be aborted listens");
      controller.abort();
      has(await call, { name: "AbortError" });
      strictEqual(getEventListeners(signal, "abort").length, 0);
    },
  },
];
