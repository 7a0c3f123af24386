import { deepStrictEqual, fail, ok, strictEqual } from "node:assert/strict";
import type { FeedHandle, InputSource, Lane, LaneCallOptions, LaneStage } from "../../lanes/lane.ts";
import { has, range, until } from "../expectations.ts";
import { CountingFeed } from "../feed.ts";
import type { CaseDefinition } from "../lane-case.ts";
import { stageOf, unmakeable } from "../stage-of.ts";
import { double, failOdd, never } from "../steps.ts";

function open(lane: Lane, stage: LaneStage, feed: InputSource, options?: LaneCallOptions): FeedHandle {
  return lane.feed?.(stage, feed, options) ?? fail("The lane has no `feed`: say why in `skip.feed`.");
}

const unwanted = (error: unknown) => fail(error as Error);

const message = (error: unknown) => (error as Error).message;

export const FEEDS: CaseDefinition[] = [
  {
    name: "takes each input of a feed once and settles it once: 5,000 inputs, some of which fail",
    needs: "feed",
    workers: 2,
    async check({ lane, patienceMs }) {
      const feed = new CountingFeed(range(5000));
      const handle = open(lane, stageOf(failOdd), feed);
      await until(patienceMs, "all inputs are settled", () => feed.outcomes.size === 5000);
      handle.stop();
      feed.check();
      deepStrictEqual(
        feed.outputs(message),
        range(5000).map((value) => (value % 2 === 0 ? value : `odd ${value}`)),
      );
    },
  },
  {
    name: "takes inputs that are added to a feed when it is told",
    needs: "feed",
    async check({ lane, patienceMs }) {
      const feed = new CountingFeed();
      const handle = open(lane, stageOf(double), feed);
      for (const start of [0, 10, 20]) {
        feed.add(...range(10).map((value) => start + value));
        handle.wake();
        await until(patienceMs, "all inputs are settled", () => feed.outcomes.size === start + 10);
      }
      handle.stop();
      feed.check();
      deepStrictEqual(
        feed.outputs(unwanted),
        range(30).map((value) => value * 2),
      );
    },
  },
  {
    name: "takes inputs of a feed as it has room, and none after stop",
    needs: "feed",
    async check({ lane, patienceMs }) {
      const all = 100_000;
      const feed = new CountingFeed(range(all));
      const stage = stageOf(double);
      const handle = open(lane, stage, feed);
      feed.onSettled = () => handle.stop();
      await until(patienceMs, "something is settled", () => feed.outcomes.size > 0);
      const taken = feed.taken.length;
      ok(taken < all, `${taken} of ${all} inputs were taken before the first one was settled`);
      handle.wake();
      handle.stop();
      strictEqual(await lane.run(stage, 4), 8);
      await until(patienceMs, "what was taken is settled", () => feed.isSettled);
      strictEqual(feed.taken.length, taken);
      feed.check();
    },
  },
  {
    name: "runs single calls and several feeds beside a feed",
    needs: "feed",
    workers: 2,
    async check({ lane, patienceMs }) {
      const feeds = [new CountingFeed(range(2000)), new CountingFeed(range(2000))];
      const stage = stageOf(double);
      const feedings = feeds.map((feed) => open(lane, stage, feed));
      strictEqual(await lane.run(stage, 21), 42);
      await until(patienceMs, "all inputs are settled", () => feeds.every((feed) => feed.outcomes.size === 2000));
      for (const handle of feedings) handle.stop();
      for (const feed of feeds) {
        feed.check();
        deepStrictEqual(
          feed.outputs(unwanted),
          range(2000).map((value) => value * 2),
        );
      }
    },
  },
  {
    name: "rejects what runs of a feed when the signal aborts",
    needs: "feed",
    async check({ lane, patienceMs }) {
      const controller = new AbortController();
      const feed = new CountingFeed(range(5));
      const handle = open(lane, stageOf(never), feed, { signal: controller.signal });
      await until(patienceMs, "an input is taken", () => feed.taken.length > 0);
      handle.stop();
      controller.abort();
      await until(patienceMs, "what was taken is settled", () => feed.isSettled);
      feed.check();
      feed.outputs((error) => has(error, { name: "AbortError" }));
      strictEqual(await lane.run(stageOf(double), 4), 8);
    },
  },
  {
    name: "rejects the inputs of a feed whose stage cannot be made, also those that are added later",
    needs: "feed",
    async check({ lane, patienceMs }) {
      const feed = new CountingFeed([1, 2, 3]);
      const handle = open(lane, unmakeable("no stage"), feed);
      await until(patienceMs, "all inputs are settled", () => feed.outcomes.size === 3);
      feed.add(4);
      handle.wake();
      await until(patienceMs, "the fourth input is settled", () => feed.outcomes.size === 4);
      handle.stop();
      feed.check();
      deepStrictEqual(feed.outputs(message), ["no stage", "no stage", "no stage", "no stage"]);
    },
  },
  {
    name: "rejects the inputs of a feed with RUNLANE_LANE_CLOSED once it is closed",
    needs: "feed",
    async check({ lane, patienceMs }) {
      await lane.close();
      const feed = new CountingFeed([1, 2]);
      const handle = open(lane, stageOf(double), feed);
      handle.wake();
      await until(patienceMs, "all inputs are settled", () => feed.outcomes.size === 2);
      handle.stop();
      feed.check();
      feed.outputs((error) => has(error, { code: "RUNLANE_LANE_CLOSED" }));
    },
  },
];
