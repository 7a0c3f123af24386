import type { RunMessage } from "../protocol/messages.ts";
import type { WorkerPort } from "./port.ts";

/**
 * The claims of one chunk. Inputs that a worker has not claimed, the parent may take back and give to another one: one input may take as
 * long as a thousand others. Each input is claimed by itself, as the next one may be the one that takes long. That takes no time that shows.
 */
export class Claims {
  /** The number of inputs that are claimed. */
  end = 0;

  constructor(
    private readonly message: RunMessage,
    private readonly port: WorkerPort,
  ) {
    if (port.claim === undefined) this.end = message.inputs.length;
  }

  /** Claims the next input. Returns whether it was still this worker's. */
  claim(): boolean {
    const { chunk, claimSlot } = this.message;
    if (!this.port.claim!(claimSlot, chunk, this.end, this.end + 1)) return false;
    this.end++;
    return true;
  }
}
