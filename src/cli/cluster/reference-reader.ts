/** Reads the files of workers: the inputs of batches with `--by-reference`. Threads import it by its name. */
import { type FileHandle, open, realpath, stat } from "node:fs/promises";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { crc32 } from "node:zlib";
import { fulfilled, type Outcome, rejected } from "../../batching/outcome.ts";
import type { FileReference, LineReference, ReadReferences, References } from "../../cluster/wire/references.ts";
import { MOST_BYTES } from "../../cluster/wire/too-large.ts";
import { runlaneError } from "../../core/errors/errors.ts";
import { systemCause } from "../cli-error.ts";
import { lineSource } from "../input/line-source.ts";
import type { LineReading } from "../input/open-input.ts";
import { displayName } from "../paths.ts";

type LinesOfFile = Extract<References, { kind: "lines" }>;

const CHANGED = "it has changed since it became an input";

/** A reason why an input cannot be read, in words. */
class Unreadable extends Error {}

/** See {@link ReadReferences}. */
export const readReferences: ReadReferences = async (references, inputs, roots) => {
  if (references.kind === "lines") return await readLines(references, inputs as LineReference[], roots);
  return await Promise.all((inputs as FileReference[]).map((input) => checkFile(input, references.folder, roots)));
};

/** The path of a file that is as it was. */
async function checkFile(input: FileReference, folder: string, roots: readonly string[]): Promise<Outcome<unknown>> {
  try {
    const path = await locate(input.path, folder, roots);
    const { size, mtimeMs } = await stat(path);
    if (size !== input.size || Math.floor(mtimeMs) !== input.mtimeMs) throw new Unreadable(CHANGED);
    return fulfilled(displayName(path));
  } catch (error) {
    return rejected(unreadable(input.path, error));
  }
}

/** The values of lines, all of them read at once; where something is wrong, one by one, so that only those fail that have changed. */
async function readLines(
  { folder, path, header: [, headerEnd, headerChecksum], reading }: LinesOfFile,
  inputs: readonly LineReference[],
  roots: readonly string[],
): Promise<readonly Outcome<unknown>[]> {
  let file: FileHandle | undefined;
  try {
    file = await open(await locate(path, folder, roots), "r");
    const from = Math.min(...inputs.map(([start]) => start));
    const to = Math.max(...inputs.map(([, end]) => end));
    const header = await readBytes(file, 0, headerEnd);
    if (crc32(header) !== headerChecksum) throw new Unreadable(CHANGED);
    const bytes = await readBytes(file, from, to);
    const parsed = await parse(header, bytes, reading as LineReading, inputs);
    if (parsed !== undefined) return parsed.map(fulfilled);
    return await Promise.all(
      inputs.map(async (input) => {
        const [start, end] = input;
        const alone = await parse(header, bytes.subarray(start - from, end - from), reading as LineReading, [input]);
        const place = `${path}, bytes ${start} to ${end}`;
        return alone === undefined ? rejected(unreadable(place, new Unreadable(CHANGED))) : fulfilled(alone[0]);
      }),
    );
  } catch (error) {
    return inputs.map(() => rejected(unreadable(path, error)));
  } finally {
    await file?.close();
  }
}

/** The values in some bytes, if they are those of the references. */
async function parse(
  header: Buffer,
  bytes: Buffer,
  reading: LineReading,
  inputs: readonly LineReference[],
): Promise<unknown[] | undefined> {
  const chunks = async function* (): AsyncGenerator<Buffer, void, undefined> {
    if (header.length > 0) yield header;
    yield bytes;
  };
  const source = lineSource({ name: "", chunks, close: () => {} }, reading.format, reading);
  const values: unknown[] = [];
  try {
    const blocks = source.read(0);
    for (let next = await blocks.next(); next.done !== true; next = await blocks.next()) {
      const block = next.value;
      for (let at = 0; at < block.size; at++) {
        const isRead = block.problemOf(at) === undefined;
        if (!isRead || crc32(block.textOf(at) ?? "") !== inputs[values.length]?.[2]) return undefined;
        values.push(block.values[at]);
      }
    }
  } catch {
    // Not even text any more.
    return undefined;
  }
  return values.length === inputs.length ? values : undefined;
}

async function readBytes(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const length = to - from;
  if (!(from >= 0 && length >= 0 && length <= MOST_BYTES))
    throw new Unreadable(`${length} bytes are more than a worker reads at once`);
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, from);
  return buffer.subarray(0, bytesRead);
}

/**
 * The path of a file in one of the roots: where it is on the machine of the batch, or in a root as the batch sees it from its folder.
 *
 * @throws Unreadable, also for a file that is there and lies elsewhere: a broker need not learn which ones there are.
 */
async function locate(path: string, folder: string, roots: readonly string[]): Promise<string> {
  if (roots.length === 0) throw new Unreadable("this worker may read no files; give it a folder by --root");
  for (const [base, root] of [...roots.map((root) => [folder, root]), ...roots.map((root) => [root, root])]) {
    const candidate = resolve(base!, path);
    if (!isWithin(candidate, root!)) continue;
    const real = await realpath(candidate).catch(() => undefined);
    if (real === undefined || !isWithin(real, await realpath(root!))) continue;
    // Opening a pipe would wait for whoever writes to it.
    if ((await stat(real)).isFile()) return candidate;
  }
  throw new Unreadable(`there is no such file in ${roots.join(", ")}`);
}

function isWithin(path: string, root: string): boolean {
  const inner = relative(root, path);
  return inner !== ".." && !inner.startsWith(`..${sep}`) && !isAbsolute(inner);
}

function unreadable(input: string, error: unknown): Error {
  const reason = error instanceof Unreadable ? error.message : systemCause(error);
  return runlaneError("RUNLANE_REFERENCE", { input, reason });
}
