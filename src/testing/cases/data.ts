import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert/strict";
import { transfer } from "../../shipping/data/transfer.ts";
import { rejection } from "../expectations.ts";
import type { CaseDefinition } from "../lane-case.ts";
import { loopLane } from "../loop.ts";
import { stageOf } from "../stage-of.ts";
import { echo, grow } from "../steps.ts";
import { KINDS, make, tell } from "../values.ts";

/** Whatever the loop gives, the lane gives, as an input, as an output, and both ways. */
const kinds = KINDS.map(
  (kind): CaseDefinition => ({
    name: `gives what the loop gives: ${kind}`,
    async check({ lane }) {
      const loop = loopLane();
      const [told, made, echoed] = [stageOf(tell), stageOf(make), stageOf(echo)];
      const value = make(kind);
      strictEqual(await lane.run(told, value), await loop.run(told, value), "as an input");
      const output = await loop.run(made, kind);
      for (const [way, given] of [
        ["as an output", await lane.run(made, kind)],
        ["there and back", await lane.run(echoed, value)],
      ] as const) {
        strictEqual(tell(given), tell(output), way);
      }
    },
  }),
);

export const DATA: CaseDefinition[] = [
  ...kinds,
  {
    name: "gives what transfer() moves, there and back",
    async check({ lane }) {
      const fill = stageOf((bytes: Uint8Array) => bytes.fill(7));
      deepStrictEqual(await lane.run(fill, transfer(new Uint8Array(1024))), new Uint8Array(1024).fill(7));
    },
  },
  {
    name: "leaves the input as it is when the function changes its copy",
    needs: "copies",
    async check({ lane }) {
      const list = [1];
      strictEqual(await lane.run(stageOf(grow), list), 2);
      deepStrictEqual(list, [1]);
      notStrictEqual(await lane.run(stageOf(echo), list), list);
    },
  },
  {
    name: "refuses an input or an output that cannot be copied, with its place, and no other",
    needs: "copies",
    async check({ lane }) {
      const stage = stageOf((input: unknown) => (input === 1 ? { list: [() => {}] } : input), { label: "picky" });
      const outcomes = await Promise.allSettled([0, 1, { call: () => {} }, 3].map((input) => lane.run(stage, input)));
      deepStrictEqual(
        outcomes.map(({ status }) => status),
        ["fulfilled", "rejected", "rejected", "fulfilled"],
      );
      for (const [index, place] of [
        [1, "output.list[0]"],
        [2, "input.call"],
      ] as const) {
        const error = (await rejection(Promise.reject((outcomes[index] as PromiseRejectedResult).reason))) as Error;
        strictEqual((error as { code?: string }).code, "RUNLANE_NOT_SERIALIZABLE");
        ok(error.message.includes("picky") && error.message.includes(place), error.message);
      }
    },
  },
];
