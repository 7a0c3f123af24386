import type { Channel } from "node:diagnostics_channel";
import { builtinModule } from "../core/platform.ts";
import { isThenable } from "../core/thenable.ts";

/** The event of a call of a vectorised function that has ended. */
export interface BatchEvent {
  readonly step: string;
  /** The number of inputs that shared the call. */
  readonly inputs: number;
  readonly ms: number;
  readonly isFailed: boolean;
}

/** The name of the channel of `node:diagnostics_channel` that tells what batched steps do. */
export const BATCHES = "runlane:batches";

const channel: Pick<Channel, "hasSubscribers" | "publish"> | undefined =
  builtinModule("node:diagnostics_channel")?.channel(BATCHES);

/** Makes a call of a vectorised function. It is timed only while somebody listens. */
export function tellBatch(step: string, inputs: number, call: () => unknown): unknown {
  if (channel?.hasSubscribers !== true) return call();
  const startedAt = performance.now();
  const ended = (isFailed: boolean): void =>
    channel.publish({ step, inputs, ms: performance.now() - startedAt, isFailed } satisfies BatchEvent);
  try {
    const outputs = call();
    if (isThenable(outputs))
      outputs.then(
        () => ended(false),
        () => ended(true),
      );
    else ended(false);
    return outputs;
  } catch (error) {
    ended(true);
    throw error;
  }
}
