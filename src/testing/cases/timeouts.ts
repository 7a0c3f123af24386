import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { freshKey, has, range, rejection, rejects, until } from "../expectations.ts";
import type { CaseDefinition } from "../lane-case.ts";
import { stageOf } from "../stage-of.ts";
import { double, doubleLater, forever, type Notes, never, notesOf, spin, untilAborted } from "../steps.ts";

export const TIMEOUTS: CaseDefinition[] = [
  {
    name: "rejects a call whose time is up with a TimeoutError, and none of its neighbours",
    needs: "overlap",
    async check({ lane }) {
      const late = rejection(lane.run(stageOf(never, { label: "the late one" }), null, { timeoutMs: 30 }));
      const others = range(5).map((value) => lane.run(stageOf(doubleLater), value, { timeoutMs: 60_000 }));
      const error = await late;
      has(error, { name: "TimeoutError" });
      strictEqual((error as Error).message.includes("the late one"), true);
      deepStrictEqual(await Promise.all(others), [0, 2, 4, 6, 8]);
    },
  },
  {
    name: "shows a function that its time is up",
    needs: "overlap",
    async check({ lane, patienceMs }) {
      const key = freshKey();
      const notes = stageOf(notesOf);
      const stage = stageOf(untilAborted);
      await lane.warm(stage);
      await rejects(lane.run(stage, key, { timeoutMs: 100 }), { name: "TimeoutError" });
      const isSeen = async () => ((await lane.run(notes, key)) as Notes).aborted === 1;
      await until(patienceMs, "the function has seen its signal abort", isSeen);
    },
  },
  {
    name: "counts the time from the start of the work, not from the call",
    async check({ lane }) {
      const stage = stageOf(spin);
      await lane.warm(stage);
      // The first one keeps the worker busy for longer than the others may take.
      const calls = [400, 0, 0].map((ms) => lane.run(stage, ms, ms === 0 ? { timeoutMs: 200 } : {}));
      calls.push(lane.run(stageOf(double), 4, { timeoutMs: 200 }));
      deepStrictEqual(await Promise.all(calls), [400, 0, 0, 8]);
    },
  },
  {
    name: "ends an endless loop whose time is up, and runs what waits behind it",
    needs: "stopsLoops",
    async check({ lane }) {
      const stage = stageOf(forever);
      await lane.warm(stage);
      const loop = rejection(lane.run(stage, true, { timeoutMs: 80 }));
      const behind = range(3).map((value) => lane.run(stageOf(double), value));
      has(await loop, { name: "TimeoutError" });
      deepStrictEqual(await Promise.all(behind), [0, 2, 4]);
    },
  },
];
