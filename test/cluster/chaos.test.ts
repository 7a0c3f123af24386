import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { scratchFolder } from "../cli/scratch.ts";
import { everything } from "../everything.ts";
import { type Blow, chaos } from "./chaos/chaos.ts";
import { postgresTarget, redisTarget, type Target } from "./chaos/target.ts";
import { NO_REDIS } from "./servers.ts";

/** `npm run test:chaos`: many inputs and many blows, several rounds. */
const LONG = process.env.RUNLANE_CHAOS === "long";

/** Programs of tests that run at the same time must not share a queue. */
let programs = 0;

function program(folder: string): string {
  const file = join(folder, `traced${process.pid}-${programs++}.mjs`);
  copyFileSync(fileURLToPath(new URL("fixtures/traced.mjs", import.meta.url)), file);
  return file;
}

/** Enough of these are kills for twenty, also if the run is done before the last blows. */
const BLOWS: readonly Blow[] = [
  "kill worker",
  "kill producer",
  "kill worker",
  "kill broker",
  "stop worker",
  "kill producer",
  "cut worker",
  "freeze producer",
  "kill worker",
  "delay worker",
  "kill worker",
  "stop broker",
  "kill producer",
  "kill worker",
  "cut broker",
  "delay producer",
  "kill broker",
  "kill worker",
  "freeze worker",
  "kill producer",
  "kill worker",
  "kill worker",
  "kill worker",
  "stop producer",
  "kill worker",
  "kill broker",
  "cut producer",
  "kill worker",
  "freeze broker",
  "kill producer",
  "kill worker",
  "delay broker",
  "kill worker",
  "kill producer",
];

const LEAST_KILLS = 20;

/** For every `npm test`. */
const FEW: readonly Blow[] = ["kill worker", "kill producer", "kill broker", "delay worker"];

/** The same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

async function survives(
  open: () => Promise<Target>,
  blows: readonly Blow[],
  inputs: number,
  seed = 1,
): Promise<number> {
  const folder = scratchFolder();
  const target = await open();
  try {
    const aftermath = await chaos({
      target,
      file: program(folder),
      folder,
      inputs,
      inputMs: LONG ? 300 : 150,
      blows,
      random: randomFrom(seed),
      holdMs: LONG ? 10_000 : 1500,
    });
    expect(aftermath.indices).toEqual(Array.from({ length: inputs }, (_, at) => at));
    expect(aftermath.wrong).toBe(0);
    // A quick round may be over before; nobody knows how fast the machine is.
    if (LONG)
      expect(
        blows.slice(0, aftermath.blows).filter((blow) => /^(?:kill|end) /.test(blow)).length,
      ).toBeGreaterThanOrEqual(LEAST_KILLS);
    return aftermath.starts / inputs;
  } finally {
    await target.stop();
  }
}

const rounds = LONG ? [1, 2, 3] : [1];
const long = LONG ? 20_000 : 600;
const many = LONG ? BLOWS : FEW;
const timeout = LONG ? 900_000 : 120_000;

describe("a batch on PostgreSQL", () => {
  test.each(rounds)(
    "has each record once, whatever is killed on the way (round %i)",
    async (seed) => {
      await survives(postgresTarget, many, long, seed);
    },
    timeout,
  );

  test.runIf(LONG)(
    "runs hardly an input twice when workers end politely",
    async () => {
      expect(
        await survives(postgresTarget, new Array<Blow>(LEAST_KILLS + 1).fill("end worker"), long),
      ).toBeLessThanOrEqual(1.05);
    },
    timeout,
  );
});

const noRedis = NO_REDIS ?? (LONG || everything ? undefined : "the quick round is on PostgreSQL");

describe.skipIf(noRedis)(`a batch on Redis${noRedis === undefined ? "" : ` (skipped: ${noRedis})`}`, () => {
  test.each(rounds)(
    "has each record once, whatever is killed on the way (round %i)",
    async (seed) => {
      await survives(redisTarget, many, long, seed);
    },
    timeout,
  );
});
