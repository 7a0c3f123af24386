import { hostname } from "node:os";
import { rejected } from "../../batching/outcome.ts";
import { toStep } from "../../runnables/coerce.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import type { Bytes, TakenChunk } from "../broker.ts";
import { type ChunkHead, decodeChunk, unpackInput } from "../wire/chunk-body.ts";
import { encodeCrash, encodeOutcomes, type InputOutcome } from "../wire/outcome-body.ts";
import { runChunk } from "./run-chunk.ts";

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
  /** The name of the pipeline in errors. */
  readonly name: string;
}

/** Runs the chunks of one pipeline. */
export class ChunkWorker {
  /** How long chunks took lately, on average. */
  chunkMs: number | undefined;
  private running = 0;

  constructor(private readonly options: ChunkWorkerOptions) {}

  /** See {@link Work}. */
  readonly work = async ({ body, attempt, signal }: TakenChunk): Promise<readonly Bytes[]> => {
    const { inputs, ...head } = decodeChunk(body);
    const report = { host: hostname(), pid: process.pid, earlierAttempts: attempt - 1 };
    if (attempt > (head.deaths ?? DEATHS)) return [encodeCrash({ ...report, ranMs: 0, waits: false })];
    const where = `the pipeline ${JSON.stringify(this.options.name)}`;
    this.running++;
    const [startMs, cpu] = [performance.now(), process.cpuUsage()];
    try {
      const { outcomes, sumMs } = await this.run(head, inputs, { signal, isSuspect: attempt > 1 });
      const ranMs = performance.now() - startMs;
      const used = process.cpuUsage(cpu);
      // Of what the process computed meanwhile, the chunks that ran side by side had about as much each.
      const cpuMs = (used.user + used.system) / 1000 / this.running;
      this.chunkMs = this.chunkMs === undefined ? ranMs : this.chunkMs * MEMORY + ranMs * (1 - MEMORY);
      return encodeOutcomes(outcomes, { ...report, ranMs, waits: cpuMs < sumMs / 3 }, where);
    } finally {
      this.running--;
    }
  };

  private async run(
    { exportName, config, timeoutMs }: ChunkHead,
    packed: readonly unknown[],
    { signal, isSuspect }: { signal: AbortSignal; isSuspect: boolean },
  ): Promise<{ outcomes: InputOutcome[]; sumMs: number }> {
    const outcomes: InputOutcome[] = [];
    const inputs: unknown[] = [];
    const places: number[] = [];
    for (const [at, input] of packed.entries()) {
      try {
        inputs.push(unpackInput(input));
        places.push(at);
      } catch (error) {
        outcomes[at] = rejected(error);
      }
    }
    const step = await this.stepOf(exportName, isSuspect);
    if (step instanceof Error) return { outcomes: packed.map(() => rejected(step)), sumMs: 0 };
    const ran = await runChunk(step, inputs, { ...(config as object), timeout: timeoutMs, signal });
    for (const [index, at] of places.entries()) outcomes[at] = ran.outcomes[index]!;
    return { outcomes, sumMs: ran.sumMs };
  }

  /** The step of an export, or the error of one that the module does not have: another worker would have the same module. */
  private async stepOf(exportName: string, isSuspect: boolean): Promise<ReturnType<typeof toStep> | Error> {
    try {
      return toStep(await this.options.runnableOf(exportName, isSuspect));
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}
