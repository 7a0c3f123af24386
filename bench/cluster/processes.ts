/** The processes of a cluster on this machine: workers and producers, all by the built command. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Starts the command. What it says on standard error is shown if it fails. */
export function command(args: readonly string[]): { child: ChildProcess; finished: Promise<void> } {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  const finished = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`runlane ${args.join(" ")} ended with ${code}:\n${said}`)),
    );
  });
  // It is waited for later.
  finished.catch(() => {});
  return { child, finished };
}

/** A worker that is at work. */
export interface RunningWorker {
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startWorkers(count: number, pipeline: string, broker: string): Promise<RunningWorker[]> {
  return await Promise.all(Array.from({ length: count }, () => startWorker(pipeline, broker)));
}

async function startWorker(pipeline: string, broker: string): Promise<RunningWorker> {
  const { child, finished } = command(["worker", pipeline, "--broker", broker, "--concurrency", "3", "--warm"]);
  const ready = new Promise<void>((resolve) => child.stdout!.once("data", () => resolve()));
  await Promise.race([
    ready,
    finished.then(() => {
      throw new Error("a worker has ended");
    }),
  ]);
  return {
    pid: child.pid!,
    async stop() {
      child.kill("SIGTERM");
      await finished.catch(() => {});
    },
  };
}
