import { statSync } from "node:fs";
import { sep } from "node:path";
import { crc32 } from "node:zlib";
import type { FileReference, LineReference, References } from "../../cluster/wire/references.ts";
import type { OpenInput } from "../input/open-input.ts";
import type { InputBlock } from "../input/reading.ts";
import { absolutePath, displayName } from "../paths.ts";

/** The lines of one chunk have so many bytes at most, if they are more than one. */
const CHUNK_BYTES = 16 * 1024 * 1024;

/** Makes references of inputs, for `--by-reference`. */
export interface Referrer {
  /** The part that the inputs of a chunk have in common, once they are there. */
  readonly references: References;
  /** The reference to an input of a block. */
  of(block: InputBlock, at: number): unknown;
  /** Whether the chunk at hand has enough; the next one begins then. */
  isFull(): boolean;
}

/** @param input An input that was opened for references. */
export function referrerOf({ lines, files }: OpenInput): Referrer {
  return lines === undefined || files !== undefined ? new FileReferrer() : new LineReferrer(lines);
}

class FileReferrer implements Referrer {
  readonly references = { kind: "files", folder: absolutePath(".") } as const;

  of({ values }: InputBlock, at: number): FileReference {
    const path = values[at] as string;
    const stats = statSync(absolutePath(path), { throwIfNoEntry: false });
    return { path: portablePath(path), size: stats?.size, mtimeMs: stats && Math.floor(stats.mtimeMs) };
  }

  isFull(): boolean {
    return false;
  }
}

class LineReferrer implements Referrer {
  private bytes = 0;

  constructor(private readonly lines: NonNullable<OpenInput["lines"]>) {}

  get references(): References {
    const { path, reading, offsets } = this.lines;
    return { kind: "lines", folder: absolutePath("."), path: portablePath(path), header: offsets.header, reading };
  }

  of(block: InputBlock, at: number): LineReference {
    const { offsets } = this.lines;
    const text = block.textOf(at) ?? "";
    const line = block.lineOf(at);
    const from = offsets.startOf(line);
    const to = offsets.startOf(line + text.split("\n").length);
    offsets.forgetBefore(line);
    this.bytes += to - from;
    return [from, to, crc32(text)];
  }

  isFull(): boolean {
    if (this.bytes < CHUNK_BYTES) return false;
    this.bytes = 0;
    return true;
  }
}

/** A path as machines with another root can read it: seen from the working folder, unless it lies outside. */
function portablePath(path: string): string {
  return displayName(absolutePath(path)).replaceAll(sep, "/");
}
