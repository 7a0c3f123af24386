import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runlaneError } from "../../../core/errors/errors.ts";
import type { Broker, BrokerOptions } from "../../broker.ts";
import type { LimitConnection } from "../../limits.ts";
import { openPostgres, openPostgresLimits } from "../postgres/open.ts";
import { findBinaries } from "./binaries.ts";
import { isKept } from "./keeper-lock.ts";
import { makeHome, placeOf, type ServerPlace } from "./place.ts";
import { readAddress, urlOf } from "./server.ts";

/** The time for a server to start, in milliseconds. A database is made in some seconds, on a busy machine in many more. */
const START_MS = 120_000;
const LOOK_EVERY_MS = 50;
/** The time in milliseconds after which another keeper is started: one takes a moment until it shows. */
const ASK_AGAIN_MS = 5000;

/**
 * The broker of a project: a PostgreSQL server from npm, which runs while somebody uses it.
 *
 * @param url `embedded:`, or `embedded:/a/folder`.
 * @throws RUNLANE_MISSING_PACKAGE, RUNLANE_BROKER
 */
export async function openEmbedded(url: string, options: BrokerOptions): Promise<Broker> {
  const { address, name } = await started(url);
  return await openPostgres(address, options, name);
}

/** Connects to the limits of a project's server alone, see {@link openEmbedded}. */
export async function openEmbeddedLimits(url: string, options: BrokerOptions): Promise<LimitConnection> {
  const { address, name } = await started(url);
  return await openPostgresLimits(address, options, name);
}

async function started(url: string): Promise<{ readonly address: string; readonly name: string }> {
  const place = placeOf(url);
  const name = `the embedded PostgreSQL in ${place.home}`;
  // Here, a missing package can still be told of.
  findBinaries();
  makeHome(place);
  return { address: await startedServer(url, place, name), name };
}

async function startedServer(url: string, place: ServerPlace, name: string): Promise<string> {
  const failed = join(place.home, "keeper.error");
  const deadline = performance.now() + START_MS;
  rmSync(failed, { force: true });
  for (let askedAt = Number.NEGATIVE_INFINITY; performance.now() < deadline; await sleep(LOOK_EVERY_MS)) {
    if (existsSync(failed)) throw unusable(name, readFileSync(failed, "utf8"));
    const address = readAddress(place);
    const isThere = address !== undefined && (await accepts(address.port));
    if (!isKept(place) && performance.now() - askedAt > ASK_AGAIN_MS) {
      askedAt = performance.now();
      startKeeper(url);
    }
    if (isThere) return urlOf(address);
  }
  throw unusable(name, `it has not started within ${START_MS / 1000} s; ${join(place.home, "server.log")} may say why`);
}

function unusable(name: string, reason: string): Error {
  return runlaneError("RUNLANE_BROKER", { broker: name, reason: reason.replace(/\.$/, "") });
}

/** Starts a keeper. Of several that are started at the same time, one stays. */
function startKeeper(url: string): void {
  const packageFile = createRequire(import.meta.url).resolve("runlane/package.json");
  const entry = join(dirname(packageFile), "dist", "cluster", "brokers", "embedded", "keeper.js");
  spawn(process.execPath, [entry, url], { detached: true, stdio: "ignore" }).unref();
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket
      .once("error", () => resolve(false))
      .once("connect", () => {
        socket.destroy();
        resolve(true);
      });
  });
}
