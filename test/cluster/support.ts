import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import { MAIN, type Running, start } from "../cli/command.ts";
import { scratchFolder } from "../cli/scratch.ts";
import { EMBEDDED } from "./servers.ts";

const WORDS = fileURLToPath(new URL("fixtures/words.mjs", import.meta.url));

/** Patience for a database that is made, on a machine that others use. */
const START_MS = 120_000;

/** A copy of the fixture that differs from all others, so that its queue is this test's own. */
export function ownProgram(folder: string): string {
  const file = join(folder, "words.mjs");
  const own = `export const own = "${randomUUID()}";\nconst api = "${import.meta.resolve("@opentelemetry/api")}";\n`;
  writeFileSync(file, `${readFileSync(WORDS, "utf8")}\n${own}`);
  return file;
}

/** A program and a worker for all tests of a file that need no others: starting one costs more than most of them. */
export function sharedWorker(): { readonly program: string } {
  const folder = mkdtempSync(join(tmpdir(), "runlane-worker-"));
  const program = ownProgram(folder);
  let worker: ChildProcess | undefined;
  beforeAll(async () => {
    const child = spawn(process.execPath, [MAIN, "worker", program, "--broker", EMBEDDED, "--root", tmpdir()], {
      cwd: folder,
    });
    worker = child;
    await new Promise<void>((resolve, reject) => {
      child.stdout.once("data", () => resolve());
      child.once("exit", (code) => reject(new Error(`The worker has ended with ${code}.`)));
    });
  }, START_MS);
  afterAll(() => {
    worker?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  return { program };
}

/** Starts a worker. It ends with the test. */
export async function startWorker(
  file: string,
  {
    args = ["--lane", "loop"],
    broker = EMBEDDED,
    cwd = scratchFolder(),
    env,
  }: { args?: readonly string[]; broker?: string; cwd?: string; env?: Record<string, string> } = {},
): Promise<Running> {
  const worker = start(["worker", file, "--broker", broker, ...args], { cwd, ...(env !== undefined && { env }) });
  const ready = new Promise<void>((resolve) => worker.process.stdout!.on("data", () => resolve()));
  await Promise.race([
    ready,
    worker.finished.then(({ stderr }) => {
      throw new Error(`The worker has ended: ${stderr}`);
    }),
  ]);
  return worker;
}

/** Ends a worker politely. */
export async function stopWorker({ process, finished }: Running): Promise<number | null> {
  process.kill("SIGTERM");
  return (await finished).code;
}

/** Waits until something is there. */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
