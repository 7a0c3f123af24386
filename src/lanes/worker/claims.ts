import { performance } from "node:perf_hooks";
import type { RunMessage } from "../messages.ts";
import type { WorkerPort } from "./port.ts";

/** Inputs that are claimed together take about as long as this, in milliseconds, if they take what those before them took. */
const BLOCK_MS = 0.1;
const LARGEST = 64;

/**
 * The claims of one chunk. What a worker has not claimed, the parent may take back and give to another one: one input may take as long
 * as a thousand others. Quick inputs are claimed many together, so that claiming costs nothing.
 */
export class Claims {
  /** How many inputs are claimed. */
  end = 0;
  private size = 1;
  private at = 0;

  constructor(
    private readonly message: RunMessage,
    private readonly port: WorkerPort,
  ) {
    if (port.claim === undefined) this.end = message.inputs.length;
  }

  /** Claims the next ones. Returns whether they are still to be had. */
  claim(): boolean {
    const { chunk, place, inputs } = this.message;
    const now = performance.now();
    if (this.end > 0) this.size = now - this.at < BLOCK_MS ? Math.min(this.size * 2, LARGEST) : 1;
    this.at = now;
    const to = Math.min(inputs.length, this.end + this.size);
    if (!this.port.claim!(place, chunk, this.end, to)) return false;
    this.end = to;
    return true;
  }
}
