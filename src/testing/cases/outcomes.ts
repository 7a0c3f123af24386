import { deepStrictEqual } from "node:assert/strict";
import { freshKey, range, rejects } from "../expectations.ts";
import type { CaseDefinition } from "../lane-case.ts";
import { stageOf, unmakeable } from "../stage-of.ts";
import { double, doubleLater, echo, failOdd, meet } from "../steps.ts";

/** A module that cannot be imported. */
const broken = {
  kind: "lambda",
  func: { from: "module", url: "data:text/javascript,throw new RangeError('no module')", exportName: "step" },
};

export const OUTCOMES: CaseDefinition[] = [
  {
    name: "gives one output per input, in order: 10,000 inputs",
    workers: 2,
    async check({ lane }) {
      const stage = stageOf(double);
      const outputs = await Promise.all(range(10_000).map((value) => lane.run(stage, value)));
      deepStrictEqual(
        outputs,
        range(10_000).map((value) => value * 2),
      );
    },
  },
  {
    name: "waits for what async functions promise",
    workers: 2,
    async check({ lane }) {
      const stage = stageOf(doubleLater);
      const outputs = await Promise.all(range(200).map((value) => lane.run(stage, value)));
      deepStrictEqual(
        outputs,
        range(200).map((value) => value * 2),
      );
    },
  },
  {
    name: "lets async functions of one worker wait at the same time",
    needs: "overlap",
    async check({ lane }) {
      const stage = stageOf(meet);
      const key = freshKey();
      deepStrictEqual(await Promise.all([lane.run(stage, key), lane.run(stage, key)]), ["met", "met"]);
    },
  },
  {
    name: "runs whole trees of runnables",
    async check({ lane }) {
      const tree = stageOf({ twice: double, same: { deep: echo } });
      deepStrictEqual(await lane.run(tree, 4), { twice: 8, same: { deep: 4 } });
    },
  },
  {
    name: "rejects the inputs that fail, and no others",
    workers: 2,
    async check({ lane }) {
      const stage = stageOf(failOdd);
      const outcomes = await Promise.allSettled(range(100).map((value) => lane.run(stage, value)));
      deepStrictEqual(
        outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : outcome.reason.message)),
        range(100).map((value) => (value % 2 === 0 ? value : `odd ${value}`)),
      );
    },
  },
  {
    name: "keeps stages apart that run side by side",
    workers: 2,
    async check({ lane }) {
      const stages = [stageOf(double), stageOf(echo), stageOf(doubleLater)];
      const outputs = await Promise.all(range(300).map((value) => lane.run(stages[value % 3]!, value)));
      deepStrictEqual(
        outputs,
        range(300).map((value) => (value % 3 === 1 ? value : value * 2)),
      );
    },
  },
  {
    name: "waits for a stage that is still being made",
    async check({ lane }) {
      const late = { ...stageOf(double), shipped: Promise.resolve(stageOf(double).shipped) };
      deepStrictEqual(await Promise.all([lane.run(late, 1), lane.run(late, 2)]), [2, 4]);
    },
  },
  {
    name: "rejects with why a stage cannot be made",
    async check({ lane }) {
      await rejects(lane.run(unmakeable("no stage"), 1), { name: "RangeError", message: "no stage" });
    },
  },
  {
    name: "rejects with RUNLANE_WORKER_START when a stage cannot be loaded, and goes on",
    async check({ lane }) {
      const stage = { id: 0, label: "broken", shipped: broken };
      const refused = { code: "RUNLANE_WORKER_START" };
      await Promise.all([rejects(lane.run(stage, 1), refused), rejects(lane.run(stage, 2), refused)]);
      await rejects(lane.stream(stage, 3).next(), refused);
      deepStrictEqual(await lane.run(stageOf(double), 4), 8);
    },
  },
  {
    name: "runs calls of a higher priority first",
    needs: "queue",
    async check({ lane }) {
      const stage = stageOf(echo);
      const order: unknown[] = [];
      const note = (value: unknown) => order.push(value);
      await Promise.all([
        lane.run(stage, "low", { priority: -1 }).then(note),
        lane.run(stage, "usual").then(note),
        lane.run(stage, "high", { priority: 1 }).then(note),
      ]);
      deepStrictEqual(order, ["high", "usual", "low"]);
    },
  },
];
