import pg from "pg";
import { describe, expect, test } from "vitest";
import { placeOf } from "../../src/cluster/brokers/embedded/place.ts";
import { readAddress, urlOf } from "../../src/cluster/brokers/embedded/server.ts";
import { openBroker } from "../../src/cluster/open-broker.ts";
import { EMBEDDED, NO_REDIS, startRedis } from "./servers.ts";

/** Does something with a database, and a user who may do nothing there. */
async function withPoorUser(use: (urlOfDatabase: (database: string) => string) => Promise<void>): Promise<void> {
  await using keeping = await openBroker(EMBEDDED).then((broker) => ({ [Symbol.asyncDispose]: () => broker.close() }));
  void keeping;
  const address = readAddress(placeOf(EMBEDDED))!;
  const owner = new pg.Client(urlOf(address));
  await owner.connect();
  const user = `poor_${process.pid}`;
  const database = `fresh_${process.pid}`;
  try {
    await owner.query(`create role ${user} login password 'x'`);
    await owner.query(`create database ${database}`);
    await use((name) => `postgres://${user}:x@127.0.0.1:${address.port}/${name === "" ? database : name}`);
  } finally {
    await owner.query(`drop database if exists ${database}`);
    await owner.query(`drop role if exists ${user}`);
    await owner.end();
  }
}

test("a user of PostgreSQL without rights is told which ones are missing", async () => {
  await withPoorUser(async (url) => {
    await expect(openBroker(url(""))).rejects.toThrow(/may not create schemas; GRANT CREATE ON DATABASE/);
    await expect(openBroker(url("postgres"))).rejects.toThrow(/permission denied for schema runlane\); GRANT/);
    await expect(openBroker(url("nowhere"))).rejects.toThrow(/no such database; create it first/);
    await expect(openBroker(`${url("")}?sslmode=verify-full`)).rejects.toThrow(/speaks no TLS/);
    await expect(openBroker(url("").replace(":x@", ":wrong@"))).rejects.toThrow(/the password is wrong/);
  });
});

describe.skipIf(NO_REDIS)(`Redis${NO_REDIS === undefined ? "" : ` (skipped: ${NO_REDIS})`}`, () => {
  test("a password that is missing or wrong is told of", async () => {
    const server = await startRedis(["--requirepass", "secret"]);
    try {
      const url = (password: string): string => server.url.replace("//", `//${password}`);
      await expect(openBroker(server.url)).rejects.toThrow(/wants a password/);
      await expect(openBroker(url(":wrong@"))).rejects.toThrow(/password is wrong/);
      await (await openBroker(url(":secret@"))).close();
    } finally {
      await server.stop();
    }
  });
});
