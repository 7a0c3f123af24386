import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Running, start } from "../cli/command.ts";
import { scratchFolder } from "../cli/scratch.ts";
import { EMBEDDED } from "./servers.ts";

const WORDS = fileURLToPath(new URL("fixtures/words.mjs", import.meta.url));

/** A copy of the fixture that differs from all others, so that its queue is this test's own. */
export function ownProgram(folder: string): string {
  const file = join(folder, "words.mjs");
  writeFileSync(file, `${readFileSync(WORDS, "utf8")}\nexport const own = "${randomUUID()}";\n`);
  return file;
}

/** Starts a worker. It ends with the test. */
export async function startWorker(
  file: string,
  {
    args = [],
    broker = EMBEDDED,
    cwd = scratchFolder(),
  }: { args?: readonly string[]; broker?: string; cwd?: string } = {},
): Promise<Running> {
  const worker = start(["worker", file, "--broker", broker, ...args], { cwd });
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
