import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { collect, has, range, rejection, rejects } from "../expectations.ts";
import type { CaseDefinition } from "../lane-case.ts";
import { stageOf } from "../stage-of.ts";
import { count, countLater, double, doubleLater, never, oneAndNever } from "../steps.ts";
import { untilRunning } from "./stopping.ts";

const CLOSED = { code: "RUNLANE_LANE_CLOSED" };
const NOTHING = { workers: 0, busy: 0, queued: 0 };

export const CLOSING: CaseDefinition[] = [
  {
    name: "lets running and queued calls finish when it is closed",
    workers: 2,
    async check({ lane }) {
      const stage = stageOf(doubleLater);
      const calls = range(300).map((value) => lane.run(stage, value));
      let isClosed = false;
      const closed = lane.close().then(() => {
        isClosed = true;
      });
      await Promise.any(calls);
      strictEqual(isClosed, false);
      const outputs = await Promise.all(calls);
      deepStrictEqual(
        outputs,
        range(300).map((value) => value * 2),
      );
      await closed;
      deepStrictEqual({ ...lane.capacity }, NOTHING);
    },
  },
  {
    name: "lets an open stream come to its end when it is closed",
    async check({ lane }) {
      const stream = lane.stream(stageOf(countLater), 100);
      await stream.next();
      const closed = lane.close();
      deepStrictEqual(await collect(stream), range(100).slice(1));
      await closed;
      deepStrictEqual({ ...lane.capacity }, NOTHING);
    },
  },
  {
    name: "refuses calls, streams and warm-ups once it is closed",
    async check({ lane }) {
      const stage = stageOf(double);
      strictEqual(await lane.run(stage, 4), 8);
      const closed = lane.close();
      for (let round = 0; round < 2; round++) {
        await rejects(lane.run(stage, 1), CLOSED);
        await rejects(lane.stream(stage, 1).next(), CLOSED);
        await rejects(lane.warm(), CLOSED);
        await rejects(lane.warm(stage), CLOSED);
        await closed;
      }
    },
  },
  {
    name: "can be closed before it was used, and as often as one likes",
    async check({ lane }) {
      strictEqual(await lane.close(), undefined);
      deepStrictEqual(await Promise.all([lane.close(), lane.close({ force: true })]), [undefined, undefined]);
      await rejects(lane.run(stageOf(double), 1), CLOSED);
    },
  },
  {
    name: "is closed at the end of its block by `await using`",
    async check({ lane }) {
      const call = lane.run(stageOf(doubleLater), 4);
      strictEqual(await lane[Symbol.asyncDispose](), undefined);
      strictEqual(await call, 8);
      await rejects(lane.run(stageOf(double), 1), CLOSED);
    },
  },
  {
    name: "rejects what runs and what waits when it is closed by force",
    async check(bench) {
      const { lane } = bench;
      const stage = stageOf(never);
      await lane.warm(stage);
      const running = range(2).map(() => rejection(lane.run(stage, null)));
      await untilRunning(bench);
      const waiting = range(10).map(() => rejection(lane.run(stage, null)));
      const [errors] = await Promise.all([Promise.all([...running, ...waiting]), lane.close({ force: true })]);
      for (const error of errors) has(error, CLOSED);
      deepStrictEqual({ ...lane.capacity }, NOTHING);
    },
  },
  {
    name: "fails open streams when it is closed by force",
    async check({ lane }) {
      const stream = lane.stream(stageOf(oneAndNever), null);
      await stream.next();
      const next = rejection(stream.next());
      await lane.close({ force: true });
      has(await next, CLOSED);
      await rejects(lane.stream(stageOf(count), 1).next(), CLOSED);
    },
  },
  {
    name: "can be forced after it was asked politely",
    async check({ lane }) {
      const call = rejection(lane.run(stageOf(never), null));
      const closed = lane.close();
      await Promise.all([lane.close({ force: true }), closed]);
      has(await call, CLOSED);
      deepStrictEqual({ ...lane.capacity }, NOTHING);
    },
  },
];
