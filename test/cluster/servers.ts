import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** One database for all tests: it is made once, and ends by itself when nobody uses it. */
export const EMBEDDED = `embedded:${fileURLToPath(new URL("../../.cache/cluster-tests", import.meta.url))}`;

/** The server program of Redis or of Valkey, where there is one. */
const REDIS = ["redis-server", "valkey-server"].find((name) => spawnSync(name, ["--version"]).status === 0);

/** Why tests on Redis are left out, if they are. */
export const NO_REDIS = REDIS === undefined ? "neither redis-server nor valkey-server is on the PATH" : undefined;

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Kills the server, without a chance to write anything down. */
  kill(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Starts it again with what it has. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a Redis server of a test's own. @param settings Added to those that a broker wants. */
export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "runlane-redis-"));
  const port = await freePort();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  args.push("--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction", ...settings);
  let server: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = new Promise((resolve) => server?.once("exit", resolve));
    if (server?.kill(signal)) await ended;
    server = undefined;
  };
  const start = async (): Promise<void> => {
    server = spawn(REDIS!, args, { stdio: "ignore" });
    while (!(await accepts(port))) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill: () => end("SIGKILL"),
    signal: (signal) => void server?.kill(signal),
    start,
    async stop() {
      await end("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
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
