import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { placeOf } from "../../../src/cluster/brokers/embedded/place.ts";
import { readAddress, urlOf } from "../../../src/cluster/brokers/embedded/server.ts";
import { openBroker } from "../../../src/cluster/open-broker.ts";
import { startRedis } from "../servers.ts";
import { startProxy, type TcpProxy } from "./tcp-proxy.ts";

/** A broker that may be killed, behind a network that may be cut. */
export interface Target {
  readonly url: string;
  readonly proxy: TcpProxy;
  /** Kills the server, and has it started again. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** A database of its own: other tests would not like what happens to it. */
const EMBEDDED = `embedded:${fileURLToPath(new URL("../../../.cache/cluster-chaos", import.meta.url))}`;

export async function postgresTarget(): Promise<Target> {
  const place = placeOf(EMBEDDED);
  // As long as it is open, the server is kept.
  const keeping = await openBroker(EMBEDDED);
  const proxy = await startProxy(() => readAddress(place)!.port);
  return {
    url: urlOf({ ...readAddress(place)!, port: proxy.port }),
    proxy,
    // Its keeper starts it again.
    async kill() {
      process.kill(Number.parseInt(readFileSync(join(place.data, "postmaster.pid"), "utf8"), 10), "SIGKILL");
    },
    async stop() {
      await proxy.stop();
      await keeping.close();
    },
  };
}

export async function redisTarget(): Promise<Target> {
  const server = await startRedis();
  const proxy = await startProxy(() => server.port);
  return {
    url: `redis://127.0.0.1:${proxy.port}`,
    proxy,
    async kill() {
      await server.kill();
      await server.start();
    },
    async stop() {
      await proxy.stop();
      await server.stop();
    },
  };
}
