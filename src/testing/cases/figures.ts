import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Lane, LaneCapacity } from "../../lanes/lane.ts";
import { collect, freshKey, has, range, rejects, until } from "../expectations.ts";
import type { CaseDefinition } from "../lane-case.ts";
import { stageOf, unmakeable } from "../stage-of.ts";
import { countLater, double, doubleLater, failOdd, notesOf, spin } from "../steps.ts";

function sane({ capacity }: Lane, mostWorkers: number, mostQueued: number): void {
  const { workers, busy, queued } = capacity;
  const figures = JSON.stringify(capacity);
  for (const figure of [workers, busy, queued]) ok(Number.isInteger(figure) && figure >= 0, figures);
  ok(busy <= workers && workers <= mostWorkers && queued <= mostQueued, figures);
}

const FIGURES_OF_A_ROW = ["inputs", "failed", "queueMs", "runMs", "cpuMs", "bytes", "p50Ms", "p99Ms"] as const;

const isQuiet = ({ busy, queued }: LaneCapacity) => busy === 0 && queued === 0;

export const FIGURES: CaseDefinition[] = [
  {
    name: "tells its capacity: within bounds at any time, and back at zero afterwards",
    workers: 2,
    async check({ lane, patienceMs }) {
      sane(lane, 2, 0);
      strictEqual(lane.capacity.busy, 0);
      const stage = stageOf(doubleLater);
      await lane.warm(stage);
      let open = 0;
      const calls = range(200).map(async (value) => {
        open++;
        const output = lane.run(stage, value);
        sane(lane, 2, open);
        await output;
        open--;
        sane(lane, 2, open);
      });
      const isCounted = !isQuiet(lane.capacity);
      await Promise.all(calls);
      ok(isCounted, "calls that have been made are counted");
      await until(patienceMs, "nothing is busy any more", () => isQuiet(lane.capacity));
    },
  },
  {
    name: "counts a stream as work for as long as it is open",
    async check({ lane, patienceMs }) {
      const stream = lane.stream(stageOf(countLater), 1000);
      await stream.next();
      strictEqual(lane.capacity.busy, 1);
      await stream.return(undefined);
      await until(patienceMs, "nothing is busy any more", () => isQuiet(lane.capacity));
    },
  },
  {
    name: "keeps statistics: one row for each stage that has run",
    async check({ lane }) {
      deepStrictEqual(lane.statistics(), []);
      const [odd, twice] = [stageOf(failOdd, { label: "odd ones" }), stageOf(double, { label: "twice" })];
      await Promise.allSettled(range(10).map((value) => lane.run(odd, value)));
      await Promise.all(range(4).map((value) => lane.run(twice, value)));
      const rows = lane.statistics();
      deepStrictEqual(
        rows.map(({ label, inputs, failed }) => ({ label, inputs, failed })).sort((a, b) => b.inputs - a.inputs),
        [
          { label: "odd ones", inputs: 10, failed: 5 },
          { label: "twice", inputs: 4, failed: 0 },
        ],
      );
      for (const row of rows) {
        for (const name of FIGURES_OF_A_ROW)
          ok(Number.isFinite(row[name]) && row[name] >= 0, `${name} of ${row.label} is ${row[name]}`);
        ok(row.p50Ms <= row.p99Ms, `the percentiles of ${row.label}`);
      }
      if (lane.statisticsOf === undefined) return;
      has(lane.statisticsOf(odd), { label: "odd ones", inputs: 10, failed: 5 });
      strictEqual(lane.statisticsOf(stageOf(double))?.inputs ?? 0, 0);
    },
  },
  {
    name: "measures how long inputs take",
    async check({ lane }) {
      const stage = stageOf(spin);
      await lane.run(stage, 20);
      const [row] = lane.statistics();
      ok(row !== undefined && row.runMs >= 19 && row.p50Ms >= 18, JSON.stringify(row));
    },
  },
  {
    name: "has loaded a stage once it is warm",
    async check({ lane }) {
      const key = freshKey();
      const source = `globalThis[${JSON.stringify(key)}] = { started: 1 }; export default (x) => x * 2`;
      const url = `data:text/javascript,${encodeURIComponent(source)}`;
      const func = { from: "module", url, exportName: "default" };
      const stage = { id: 0, label: "loads", shipped: { kind: "lambda", func } };
      await lane.warm();
      deepStrictEqual(await lane.run(stageOf(notesOf), key), {});
      await lane.warm(stage);
      deepStrictEqual(await lane.run(stageOf(notesOf), key), { started: 1 });
      ok(lane.capacity.workers > 0);
      strictEqual(await lane.run(stage, 4), 8);
      deepStrictEqual(await collect(lane.stream(stage, 5)), [10]);
    },
  },
  {
    name: "says so when it cannot be warm for a stage",
    async check({ lane }) {
      await rejects(lane.warm(unmakeable("no stage")), { message: "no stage" });
      strictEqual(await lane.run(stageOf(double), 4), 8);
    },
  },
];
