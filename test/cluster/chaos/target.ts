import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { placeOf } from "../../../src/cluster/brokers/embedded/place.ts";
import { readAddress, urlOf } from "../../../src/cluster/brokers/embedded/server.ts";
import { openBroker } from "../../../src/cluster/open-broker.ts";
import { startRedis } from "../servers.ts";
import { startProxy, type TcpProxy } from "./tcp-proxy.ts";

/** A broker that may be killed or stopped, and a network for each who uses it, which may be cut. */
export interface Target {
  /** Opens another way to the broker. */
  connect(): Promise<{ readonly url: string; readonly proxy: TcpProxy }>;
  /** Kills the server, and has it started again. */
  kill(): Promise<void>;
  /** Stops all processes of the server, or has them go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void;
  stop(): Promise<void>;
}

/** A database of its own: other tests would not like what happens to it. */
const EMBEDDED = `embedded:${fileURLToPath(new URL("../../../.cache/cluster-chaos", import.meta.url))}`;

export async function postgresTarget(): Promise<Target> {
  const place = placeOf(EMBEDDED);
  // As long as it is open, the server is kept.
  const keeping = await openBroker(EMBEDDED);
  const proxies = new Set<TcpProxy>();
  const server = (): number => Number.parseInt(readFileSync(join(place.data, "postmaster.pid"), "utf8"), 10);
  return {
    async connect() {
      const proxy = await startProxy(() => readAddress(place)!.port);
      proxies.add(proxy);
      return { url: urlOf({ ...readAddress(place)!, port: proxy.port }), proxy };
    },
    // Its keeper starts it again.
    async kill() {
      process.kill(server(), "SIGKILL");
    },
    signal(signal) {
      for (const pid of [server(), ...childrenOf(server())]) process.kill(pid, signal);
    },
    async stop() {
      await Promise.all(Array.from(proxies, (proxy) => proxy.stop()));
      await keeping.close();
    },
  };
}

export async function redisTarget(): Promise<Target> {
  const server = await startRedis();
  const proxies = new Set<TcpProxy>();
  return {
    async connect() {
      const proxy = await startProxy(() => server.port);
      proxies.add(proxy);
      return { url: `redis://127.0.0.1:${proxy.port}`, proxy };
    },
    async kill() {
      await server.kill();
      await server.start();
    },
    signal: (signal) => server.signal(signal),
    async stop() {
      await Promise.all(Array.from(proxies, (proxy) => proxy.stop()));
      await server.stop();
    },
  };
}

/** The processes that a process has started. Linux only: elsewhere, none. */
function childrenOf(parent: number): number[] {
  const list = `/proc/${parent}/task/${parent}/children`;
  return existsSync(list) ? readFileSync(list, "utf8").trim().split(" ").filter(Boolean).map(Number) : [];
}
