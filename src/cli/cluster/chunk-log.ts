import { appendFileSync, existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { ChunkRange } from "../../cluster/producer/chunk-id.ts";

/** The facts of a run that are needed to go on with it. */
export interface LoggedRun {
  readonly run: string;
  readonly queue: string;
  /** The broker's URL, without the password. */
  readonly broker: string;
}

/**
 * The file beside an output that says which run at which broker it is of, and which chunks that run was cut into: `.out.jsonl.cluster`. A run
 * that goes on cuts its inputs in the same way, and so finds what has been done meanwhile.
 */
export class ChunkLog {
  readonly logged: LoggedRun | undefined;
  /** The chunks, by the index of their first input. */
  readonly chunks = new Map<number, number>();
  private readonly path: string;

  constructor(output: string) {
    this.path = fileOf(output);
    if (!existsSync(this.path)) return;
    const [head = "", ...lines] = readFileSync(this.path, "utf8").split("\n");
    try {
      this.logged = JSON.parse(head);
    } catch {
      return;
    }
    // The last line may be torn: a chunk that nobody knows of is run again.
    for (const line of lines.slice(0, -1)) {
      const [from = 0, count = 0] = line.split(" ").map(Number);
      this.chunks.set(from, count);
    }
  }

  /** The index where reading has to begin to cut the input as before: the beginning of the chunk that an index is in. */
  startOf(index: number): number {
    for (const [from, count] of this.chunks) if (from <= index && index < from + count) return from;
    return index;
  }

  /** Begins anew. */
  begin(run: LoggedRun): void {
    this.chunks.clear();
    writeFileSync(this.path, `${JSON.stringify(run)}\n`);
  }

  /** Notes a chunk that is about to be submitted. */
  add({ from, count }: ChunkRange): void {
    if (this.chunks.get(from) === count) return;
    this.chunks.set(from, count);
    appendFileSync(this.path, `${from} ${count}\n`);
  }

  /** Removes the log of a run that is over. */
  remove(): void {
    rmSync(this.path, { force: true });
  }
}

function fileOf(output: string): string {
  const file = existsSync(output) ? realpathSync(output) : resolve(output);
  return join(dirname(file), `.${basename(file)}.cluster`);
}
