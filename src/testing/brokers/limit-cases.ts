import { equal, ok } from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Broker } from "../../cluster/broker.ts";
import { until } from "../expectations.ts";
import type { BrokerCaseDefinition } from "./broker-case.ts";
import { freshRun } from "./support.ts";

/** A time after which a clock has gone on, in milliseconds. */
const TICK_MS = 5;

/** Asks for starts under a limit, and says how many were granted. */
function asking(broker: Broker, limit: { maxConcurrency?: number; ratePerSecond?: number; burst?: number }) {
  const { id: name } = freshRun();
  return async (holder: string, running: number, wanted: number): Promise<number> => {
    await sleep(TICK_MS);
    const { granted, againMs } = await broker.admit({ name, ...limit }, { holder, running, wanted });
    ok(againMs > 0, `a holder asks again after a while, and not after ${againMs} ms`);
    return granted;
  };
}

export const LIMIT_CASES: readonly BrokerCaseDefinition[] = [
  {
    name: "a limit holds for all holders together, and who has waited for longest is served first",
    async check({ open }) {
      const ask = asking(await open(), { maxConcurrency: 2 });
      equal(await ask("a", 0, 3), 2);
      equal(await ask("b", 0, 1), 0);
      equal(await ask("c", 0, 1), 0);
      equal(await ask("a", 1, 1), 1, "a has waited for its third since before b came");
      equal(await ask("a", 1, 1), 0, "b was there before a asked for a fourth");
      equal(await ask("c", 0, 1), 0, "b was there before c");
      equal(await ask("b", 0, 1), 1);
      equal(await ask("a", 0, 0), 0);
      equal(await ask("c", 0, 1), 1);
      equal(await ask("d", 0, 1), 0);
      equal(await ask("b", 0, 0), 0);
      equal(await ask("d", 0, 1), 1);
    },
  },
  {
    name: "a start that was granted and never made is free again when its holder asks the next time",
    async check({ open }) {
      const ask = asking(await open(), { maxConcurrency: 1 });
      equal(await ask("a", 0, 1), 1);
      equal(await ask("b", 0, 1), 0);
      equal(await ask("a", 0, 0), 0);
      equal(await ask("b", 0, 1), 1);
    },
  },
  {
    name: "a rate holds for all holders together",
    async check({ open, patienceMs }) {
      const ask = asking(await open(), { ratePerSecond: 10, burst: 2 });
      const from = performance.now();
      equal(await ask("a", 0, 5), 2);
      let granted = 2;
      for (const holder of ["b", "a", "c"])
        await until(patienceMs, "the next start is granted", async () => {
          const more = await ask(holder, 0, 1);
          granted += more;
          return more === 1;
        });
      equal(granted, 5);
      const ms = performance.now() - from;
      ok(ms > 200, `three starts after the burst take 300 ms, late ones made up for, and not ${ms}`);
    },
  },
  {
    name: "a holder that is lost has no places any more after the lease",
    losesWorkers: true,
    async check({ open, patienceMs }) {
      const ask = asking(await open(), { maxConcurrency: 1 });
      equal(await ask("a", 0, 1), 1);
      equal(await ask("b", 0, 1), 0);
      await until(patienceMs, "the place is free", async () => (await ask("b", 0, 1)) === 1);
    },
  },
];
