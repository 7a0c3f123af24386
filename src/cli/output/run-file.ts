import { createHash, type Hash } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, readSync, realpathSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CliError } from "../cli-error.ts";
import { displayName } from "../paths.ts";

/** The number of bytes at the beginning of an input that tell it from others. */
const HEAD_BYTES = 64 * 1024;

/** All that the records of an output depend on, as far as it can be told without reading the whole input. */
export interface RunIdentity {
  /** The beginning of the input: so many bytes, or paths of `--files`, have this hash. Null where it cannot be read twice. */
  readonly input: { readonly size: number; readonly hash: string } | null;
  /** The hash of the module of the pipeline. */
  readonly pipeline: string;
  /** Options that change what an input is. */
  readonly options: Readonly<Record<string, string>>;
  /** The errors file. */
  readonly errors: string | null;
}

/** The beginning of a regular file; null for what is none. @param file A path, or the descriptor of standard input. */
export function headOf(file: string | number, sizeBytes = HEAD_BYTES): RunIdentity["input"] {
  const fd = typeof file === "number" ? file : openSync(file, "r");
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) return null;
    const bytes = Buffer.alloc(Math.min(stats.size, sizeBytes));
    let size = 0;
    for (let read = -1; read !== 0 && size < bytes.length; size += read)
      read = readSync(fd, bytes, size, bytes.length - size, size);
    return { size, hash: sha256(bytes.subarray(0, size)) };
  } finally {
    if (typeof file !== "number") closeSync(fd);
  }
}

/** The beginning of a list of paths. */
export function headOfPaths(paths: readonly string[], count = paths.length): RunIdentity["input"] {
  return { size: Math.min(count, paths.length), hash: sha256(paths.slice(0, count).join("\0")) };
}

/** The hash of a file's content. */
export function hashOf(path: string): string {
  return sha256(readFileSync(path));
}

function sha256(data: string | Buffer): string {
  const hash: Hash = createHash("sha256");
  return hash.update(data).digest("hex").slice(0, 32);
}

/** The file that tells what an output was made of: `.out.jsonl.run` beside it. */
function runFileOf(output: string): string {
  let file = resolve(output);
  try {
    file = realpathSync(output);
  } catch {
    // It is not there yet.
  }
  return join(dirname(file), `.${basename(file)}.run`);
}

/** Notes what an output is made of, for a run that continues it. */
export function writeRunFile(output: string, identity: RunIdentity): void {
  writeFileSync(runFileOf(output), `${JSON.stringify(identity)}\n`);
}

/** The identity of the run that made an output, if that has been noted. */
export function readRunFile(output: string): RunIdentity | undefined {
  try {
    return JSON.parse(readFileSync(runFileOf(output), "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Refuses to continue records that were made of something else.
 *
 * @param now What would be continued with; `inputHead` gives as much of its beginning as was noted.
 * @throws CliError RUNLANE_CLI_OUTPUT, which says what differs and how to go on all the same.
 */
export function checkSameRun(
  output: string,
  before: RunIdentity,
  now: Omit<RunIdentity, "input"> & { readonly inputHead: (size: number) => RunIdentity["input"] },
): void {
  const differing: string[] = [];
  if (before.input !== null) {
    const head = now.inputHead(before.input.size);
    if (head !== null && head.hash !== before.input.hash) differing.push("the input begins otherwise");
  }
  if (before.pipeline !== now.pipeline) differing.push("the module of the pipeline has changed");
  const names = new Set([...Object.keys(before.options), ...Object.keys(now.options)]);
  for (const name of names) {
    const [was, is] = [before.options[name], now.options[name]];
    if (was !== is) differing.push(`--${name} is ${is ?? "not there"} and was ${was ?? "not there"}`);
  }
  if (before.errors !== now.errors)
    differing.push(`failed inputs go to ${shown(now.errors)} and went to ${shown(before.errors)}`);
  if (differing.length === 0) return;
  throw new CliError(
    "RUNLANE_CLI_OUTPUT",
    `cannot resume: ${displayName(output)} was made otherwise: ${differing.join(", ")}; go on all the same with --force, or start anew with --overwrite`,
  );
}

function shown(path: string | null): string {
  return path === null ? "standard error" : displayName(path);
}
