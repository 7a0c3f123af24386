import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** The built command: workers and loaders need real files, so end-to-end tests run what is shipped. */
export const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const FIXTURES = fileURLToPath(new URL("fixtures/", import.meta.url));

/** The path of a fixture. */
export function fixture(name: string): string {
  return join(FIXTURES, name);
}

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  process: ChildProcess;
  /** What standard error has said so far. */
  stderr(): string;
  /** Resolves when standard error has said this. */
  says(text: string | RegExp): Promise<void>;
  finished: Promise<Finished>;
}

export interface CommandOptions {
  cwd: string;
  /** What standard input gives; without it, standard input is closed. */
  input?: string | Uint8Array;
  env?: Record<string, string>;
}

/** Starts `runlane` with arguments. It ends with the test at the latest. */
export function start(args: readonly string[], { cwd, input, env = {} }: CommandOptions): Running {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: { ...process.env, ...env } });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  const listeners = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
    for (const listener of listeners) listener();
  });
  child.stdin.on("error", () => {});
  if (input !== undefined) child.stdin.end(input);
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const says = (text: string | RegExp) =>
    new Promise<void>((resolve, reject) => {
      const check = () => {
        if (typeof text === "string" ? !stderr.includes(text) : !text.test(stderr)) return;
        listeners.delete(check);
        resolve();
      };
      listeners.add(check);
      finished.then(() => reject(new Error(`The command ended before it said ${text}:\n${stderr}`)), reject);
      check();
    });
  return { process: child, stderr: () => stderr, says, finished };
}

/** Runs `runlane` with arguments to its end. */
export function run(args: readonly string[], options: CommandOptions): Promise<Finished> {
  return start(args, { input: "", ...options }).finished;
}

/** Runs `runlane` with streams of one's own. */
export async function runWithStreams(
  args: readonly string[],
  cwd: string,
  stdio: [number | "ignore", number | "pipe", "pipe"],
): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, stdio });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stderr }));
  });
}

export interface SomeRecord {
  index: number;
  output?: unknown;
  step?: string;
  source?: string;
  input?: unknown;
  error?: { name: string; message: string; code?: string; stack?: string };
}

/** The records of a file, none if there is no such file. */
export function records(folder: string, name: string): SomeRecord[] {
  const path = join(folder, name);
  return existsSync(path) ? parseRecords(readFileSync(path, "utf8")) : [];
}

/** The records in a text; every line has to be whole. */
export function parseRecords(text: string): SomeRecord[] {
  if (text !== "" && !text.endsWith("\n")) throw new Error(`The last line is torn: ${text.slice(-100)}`);
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}
