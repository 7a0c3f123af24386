/**
 * A process of its own that keeps the embedded server of a project: it starts the server, starts it again when it dies, and ends it when
 * nobody has used it for a while. So the server outlives whoever has started it, and not by much the last one who uses it.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { processLives, releaseLock, takeLock, touchLock } from "./keeper-lock.ts";
import { placeOf } from "./place.ts";
import { readAddress, startServer, urlOf } from "./server.ts";

const LOOK_EVERY_MS = 500;
/** The time in milliseconds after which a server without users ends. */
const IDLE_MS = 10_000;
/** The same before the first user has come. */
const FIRST_MS = 60_000;
/** The number of failed starts in a row after which the keeper gives up. */
const MOST_STARTS = 20;

const place = placeOf(process.argv[2] ?? "embedded:");

async function keep(): Promise<void> {
  let idleSince = performance.now() + FIRST_MS - IDLE_MS;
  for (let starts = 0; performance.now() - idleSince < IDLE_MS; await sleep(LOOK_EVERY_MS)) {
    touchLock(place);
    if (serverPid() === undefined) {
      if (++starts > MOST_STARTS) throw new Error(`it does not start; see ${join(place.home, "server.log")}`);
      await startServer(place);
      continue;
    }
    try {
      const users = await countUsers();
      starts = 0;
      if (users > 0) idleSince = performance.now();
    } catch {
      // One that is starting is not idle.
      idleSince = Math.max(idleSince, performance.now());
    }
  }
}

/** The process of the server when it was last seen: its folder may be gone by now. */
let lastPid: number | undefined;

/** The process of the server, if it lives. An earlier keeper may have started it. */
function serverPid(): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(join(place.data, "postmaster.pid"), "utf8"), 10);
    lastPid = processLives(pid) ? pid : undefined;
    return lastPid;
  } catch {
    return undefined;
  }
}

/** The number of connections of brokers. */
async function countUsers(): Promise<number> {
  const options = { connectionString: urlOf(readAddress(place)!), application_name: "runlane-keeper" };
  const client = new pg.Client({ ...options, connectionTimeoutMillis: 5000, query_timeout: 5000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const users = "select count(*)::int as users from pg_stat_activity where application_name = 'runlane'";
    return (await client.query(users)).rows[0].users;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Lets the server end its sessions and write everything down. */
async function stop(): Promise<void> {
  const pid = serverPid() ?? lastPid;
  if (pid === undefined || !processLives(pid)) return;
  process.kill(pid, "SIGINT");
  while (processLives(pid)) await sleep(50);
}

async function main(): Promise<void> {
  if (!takeLock(place)) return;
  try {
    const terminated = new Promise((resolve) => process.once("SIGTERM", resolve));
    // Whatever goes wrong, its folder that is gone among it: a server without a keeper would never end.
    await Promise.race([keep(), terminated]).finally(stop);
  } catch (error) {
    if (!existsSync(place.home)) return;
    writeFileSync(join(place.home, "keeper.error"), error instanceof Error ? error.message : String(error));
  } finally {
    releaseLock(place);
  }
}

// Ctrl-C in the terminal of who has started it is not meant for it.
process.on("SIGINT", () => {});
main().finally(() => process.exit());
