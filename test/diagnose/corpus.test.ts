import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diagnose } from "../../src/diagnose/doctor/diagnose.ts";
import type { DiagnoseOptions, FindingId, Metric } from "../../src/diagnose/doctor/types.ts";
import { everything } from "../everything.ts";

interface Case {
  readonly pipeline: unknown;
  readonly inputs: readonly unknown[];
  readonly options?: DiagnoseOptions;
  readonly prepare?: () => void;
  readonly restore?: () => void;
}

// Their functions must read as they were written.
const load = async (name: string) => (await import(new URL(`corpus/${name}.mjs`, import.meta.url).href))[name];
const faulty: Record<string, Case & { finding: FindingId; onlyBusy?: boolean; provedIn?: Metric }> =
  await load("faulty");
const healthy: Record<string, Case> = await load("healthy");

/** `npm run test:corpus` runs all of them, on the machine as it is and on a busy one: half an hour. Else some of each. */
const isFull = process.env.RUNLANE_CORPUS === "full";
const QUICK = new Set(["two lookups after each other"]);
const MORE = new Set([
  ...QUICK,
  "options of the module",
  "the same questions again",
  "an addition in a thread",
  "a map that only grows",
]);
const some = <T>(all: Record<string, T>, pick: (name: string, at: number) => boolean) =>
  Object.entries(all).filter(([name], at) => isFull || pick(name, at));
const LONG = { timeout: 300_000 };

describe.each(isFull ? ["as it is", "busy"] : ["as it is"])("on a machine %s", (machine) => {
  const others: ReturnType<typeof spawn>[] = [];
  beforeAll(() => {
    if (machine !== "busy") return;
    for (let at = 0; at < 3; at++) others.push(spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }));
  });
  afterAll(() => {
    for (const one of others) one.kill("SIGKILL");
  });

  const isHere = ({ onlyBusy = false }) => !onlyBusy || machine === "busy";
  test.each(some(faulty, (name) => (everything ? MORE : QUICK).has(name)).filter(([, one]) => isHere(one)))(
    "%s: the fault is found",
    LONG,
    async (_, { pipeline, inputs, options, finding, provedIn }) => {
      const { findings } = await diagnose(pipeline, inputs, options);
      expect(findings.map(({ id }) => id)).toContain(finding);
      if (provedIn === undefined) return;
      const proof = { metric: provedIn, verdict: "proved" };
      expect(findings).toContainEqual(expect.objectContaining({ id: finding, proof: expect.objectContaining(proof) }));
    },
  );

  test.each(some(healthy, (_, at) => at % (everything ? 3 : 9) === 0))(
    "%s: nothing is proved",
    LONG,
    async (_, { pipeline, inputs, options, prepare, restore }) => {
      prepare?.();
      try {
        const { findings } = await diagnose(pipeline, inputs, options);
        expect(findings.filter(({ proof }) => proof.verdict === "proved")).toEqual([]);
      } finally {
        restore?.();
      }
    },
  );
});

test("there are 30 faulty pipelines and 20 healthy ones", () => {
  expect(Object.keys(faulty).length).toBeGreaterThanOrEqual(30);
  expect(Object.keys(healthy).length).toBeGreaterThanOrEqual(20);
});
