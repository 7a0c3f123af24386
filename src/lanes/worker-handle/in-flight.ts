import type { Call } from "../pool/call.ts";
import type { Chunk } from "../pool/chunk.ts";
import type { StreamCall } from "../pool/stream-call.ts";
import type { WorkerConnection, WorkerProgress } from "../protocol/transport.ts";
import type { StageRecord } from "../stage/stage-record.ts";

/** The number of inputs of a worker that may wait for promises. */
const MAX_WAITING = 256;
/** The work in a worker's first chunk, in milliseconds, below which it gets a second one ahead of time. */
const AHEAD_MS = 20;

/** The chunks and streams that one worker has been given and has not finished. */
export class InFlight {
  readonly chunks = new Map<number, Chunk>();
  readonly streams = new Map<number, StreamCall>();

  /** Whether the worker has room for one chunk more. */
  get hasRoom(): boolean {
    let ahead = 0;
    let aheadMs = 0;
    let waiting = this.streams.size;
    for (const chunk of this.chunks.values()) {
      if (chunk.keepsWorker) return false;
      if (chunk.returned) {
        waiting += chunk.pending;
      } else {
        ahead++;
        aheadMs += chunk.pending * (chunk.record.meter.costMs ?? Number.POSITIVE_INFINITY);
      }
    }
    return ahead === 0 ? waiting < MAX_WAITING : ahead < 2 && aheadMs < AHEAD_MS && waiting < MAX_WAITING;
  }

  /** The number of inputs that could still be added to those that wait for promises. */
  get roomForWaiting(): number {
    let waiting = this.streams.size;
    for (const chunk of this.chunks.values()) waiting += chunk.pending;
    return MAX_WAITING - waiting;
  }

  /** Whether the functions of all inputs have returned promises, and there are no streams. */
  get onlyWaits(): boolean {
    if (this.chunks.size === 0 || this.streams.size > 0) return false;
    for (const { returned } of this.chunks.values()) if (!returned) return false;
    return true;
  }

  /** Whether suspects have the worker to themselves. */
  get isKept(): boolean {
    for (const { keepsWorker } of this.chunks.values()) if (keepsWorker) return true;
    return false;
  }

  /** Whether a chunk or stream has begun, in a worker that shares memory and has received so many messages. */
  hasBegun(received: number, progress: WorkerProgress | null): boolean {
    for (const id of this.chunks.keys()) if (progress !== null && id <= progress.chunk) return true;
    for (const { messagesBefore } of this.streams.values()) if (messagesBefore <= received) return true;
    return false;
  }

  /** The stages of all chunks and streams. */
  get records(): Set<StageRecord> {
    const records = new Set<StageRecord>();
    for (const { record } of [...this.chunks.values(), ...this.streams.values()]) records.add(record);
    return records;
  }

  /** The inputs that have not been started and may be stolen by another worker: their number, and their work in milliseconds. */
  unstarted(connection: WorkerConnection): { readonly inputs: number; readonly ms: number } {
    let inputs = 0;
    let ms = 0;
    if (connection.claimed !== undefined) {
      for (const chunk of this.chunks.values()) {
        if (!chunk.mayBeStolen) continue;
        const left = Math.max(0, chunk.calls.length - connection.claimed(chunk.claimSlot));
        inputs += left;
        ms += left * (chunk.record.meter.costMs ?? 0);
      }
    }
    return { inputs, ms };
  }

  /** Takes out the calls that {@link unstarted} counts. */
  stealUnstarted(connection: WorkerConnection): Call[] {
    const taken: Call[] = [];
    for (const chunk of [...this.chunks.values()]) {
      if (!chunk.mayBeStolen) continue;
      const claimed = connection.claimed!(chunk.claimSlot);
      if (claimed >= chunk.calls.length || !connection.revoke!(chunk.claimSlot, chunk.id, claimed)) continue;
      taken.push(...chunk.cutFrom(claimed));
      if (chunk.isDone) this.chunks.delete(chunk.id);
    }
    return taken;
  }

  /** Fails the calls of a stage. */
  refuse(record: StageRecord, error: unknown): void {
    for (const [id, chunk] of this.chunks) {
      if (chunk.record !== record) continue;
      this.chunks.delete(id);
      for (const call of chunk.remaining()) call.reject(error);
    }
  }
}
