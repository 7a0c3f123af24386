/** What the suite starts: a Redis server, a database, and workers. All of it ends with {@link stopAll}. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
export const STEPS = file("steps.mjs");
const MAIN = file("../../dist/cli/main.js");

const children = new Set<ChildProcess>();
export const folder = mkdtempSync(join(tmpdir(), "runlane-bench-"));

/** A database in a folder of its own. */
export const embedded = `embedded:${join(folder, "postgres")}`;

const REDIS = ["redis-server", "valkey-server"].find((name) => spawnSync(name, ["--version"]).status === 0);

/** Starts a Redis server as one should; undefined where there is none. */
export async function startRedis(): Promise<string | undefined> {
  if (REDIS === undefined) return undefined;
  const port = await freePort();
  const settings = [
    "--save",
    "",
    "--appendonly",
    "yes",
    "--appendfsync",
    "everysec",
    "--maxmemory-policy",
    "noeviction",
  ];
  begin(REDIS, ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, ...settings]);
  while (!(await accepts(port))) await new Promise((resolve) => setTimeout(resolve, 20));
  return `redis://127.0.0.1:${port}`;
}

/** Starts a worker, and resolves when it is ready. */
export function startWorker(broker: string, ...args: readonly string[]): Promise<ChildProcess> {
  return ready(begin(process.execPath, [MAIN, "worker", STEPS, "--broker", broker, ...args]));
}

/** Starts a worker that was written by hand. */
export function startByHand(url: string, queue: string): Promise<ChildProcess> {
  return ready(begin(process.execPath, [file("bullmq-worker.mjs"), url, queue]));
}

/** Runs the command to its end. */
export function runlane(...args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = begin(process.execPath, [MAIN, ...args]);
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`runlane ${args[0]} ended with ${code}`))));
  });
}

export function end(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill(signal);
  });
}

export async function stopAll(): Promise<void> {
  await Promise.all(Array.from(children, (child) => end(child, "SIGKILL")));
  rmSync(folder, { recursive: true, force: true });
}

function begin(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

function ready(child: ChildProcess): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    child.stdout!.once("data", () => resolve(child));
    child.once("exit", (code) => reject(new Error(`a worker ended with ${code}`)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
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
