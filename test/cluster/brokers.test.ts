import { afterAll, beforeAll, describe, it } from "vitest";
import { openBroker } from "../../src/cluster/open-broker.ts";
import { brokerCases } from "../../src/testing/brokers/broker-cases.ts";
import { everything } from "../everything.ts";
import { EMBEDDED, NO_REDIS, type RedisServer, startRedis } from "./servers.ts";

/** All cases run side by side, and the database may have to be made first. */
const patienceMs = 120_000;
const timeoutMs = 2 * patienceMs;

describe("a broker on PostgreSQL", () => {
  for (const { name, run } of brokerCases({ open: (options) => openBroker(EMBEDDED, options), patienceMs }))
    it.concurrent(name, run, timeoutMs);
});

/** The cases are the same, so the engine that is always there stands for both. */
const noRedis = NO_REDIS ?? (everything ? undefined : "the quick round is on PostgreSQL");

describe.skipIf(noRedis)(`a broker on Redis${noRedis === undefined ? "" : ` (skipped: ${noRedis})`}`, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());
  const cases = brokerCases({ open: (options) => openBroker(server.url, options), leaseMs: 2000, patienceMs });
  for (const { name, run } of cases) it.concurrent(name, run, timeoutMs);
});
