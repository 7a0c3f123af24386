import { hostname } from "node:os";
import { toStep } from "../../runnables/coerce.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import type { Bytes, TakenChunk } from "../broker.ts";
import { decodeHead } from "../wire/chunk-body.ts";
import { encodeCrash } from "../wire/outcome-body.ts";
import { type BytesRun, type InputReader, runBytes } from "./run-bytes.ts";

/** The number of deaths of workers that are blamed on a chunk, unless it says otherwise. */
const DEATHS = 3;

/** How much an older time counts, compared with a newer one. */
const MEMORY = 0.8;

/** The options of a worker: where it finds its runnables. */
export interface ChunkWorkerOptions {
  /**
   * The runnable of an export of the pipeline's module, on the lane of the worker.
   *
   * @param isSuspect Whether a worker was lost with the chunk before: then the runnable had better be where its end is none of this process.
   */
  runnableOf(exportName: string, isSuspect: boolean): Promise<Runnable>;
  /** Runs a chunk as a whole somewhere else than on this event loop; undefined where chunks run here. */
  readonly whole: ((exportName: string, run: BytesRun, signal: AbortSignal) => Promise<readonly Bytes[]>) | undefined;
  /** The name of the pipeline in errors. */
  readonly name: string;
  readonly reader: InputReader;
}

/** Runs the chunks of one pipeline. */
export class ChunkWorker {
  /** How long chunks took lately, on average. */
  chunkMs: number | undefined;

  constructor(private readonly options: ChunkWorkerOptions) {}

  /** See {@link Work}. */
  readonly work = async ({ body, attempt, signal }: TakenChunk): Promise<readonly Bytes[]> => {
    const { exportName, timeoutMs, deaths = DEATHS } = decodeHead(body);
    const by = { host: hostname(), pid: process.pid, earlierAttempts: attempt - 1 };
    if (attempt > deaths) return [encodeCrash({ ...by, ranMs: 0, waits: false })];
    const { name, reader } = this.options;
    const run = { body, by, where: `the pipeline ${JSON.stringify(name)}`, reader };
    const startMs = performance.now();
    try {
      // The time of one input is kept by a pool, which can end what runs.
      const mayBeWhole = attempt === 1 && timeoutMs === undefined;
      return (
        (mayBeWhole ? await this.asWhole(exportName, run, signal) : undefined) ??
        (await this.byInput(exportName, run, signal))
      );
    } finally {
      const ms = performance.now() - startMs;
      this.chunkMs = this.chunkMs === undefined ? ms : this.chunkMs * MEMORY + ms * (1 - MEMORY);
    }
  };

  /** @returns Undefined when the thread was lost: then it has to be found out which input has ended it. */
  private async asWhole(exportName: string, run: BytesRun, signal: AbortSignal): Promise<readonly Bytes[] | undefined> {
    try {
      return await this.options.whole?.(exportName, run, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      return undefined;
    }
  }

  private byInput(exportName: string, run: BytesRun, signal: AbortSignal): Promise<readonly Bytes[]> {
    const { runnableOf, whole } = this.options;
    const isSuspect = run.by.earlierAttempts > 0;
    const load = async () => toStep(await runnableOf(exportName, isSuspect));
    return runBytes(load, run, signal, whole === undefined && !isSuspect);
  }
}
