import type { RunnableConfig } from "../../core/config.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import { identifierOf, isStream, orderKeyOf, type QueueRecord } from "./queue-event.ts";

/** The records that are to be delivered again. */
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** The options of {@link runQueue}. */
export interface RunQueueOptions {
  readonly inputOf: (record: QueueRecord) => unknown;
  readonly config: Partial<RunnableConfig>;
  readonly maxConcurrency: number | undefined;
  /** Called for each failed record. */
  readonly onFailure: (error: unknown, record: QueueRecord) => void;
}

/**
 * Runs all records, and tells which have failed. Records of one message group or one key run one after the other, and when one of them
 * has failed, those after it are not run and count as failed. Of a stream only the first failed record is named: everything from there
 * on is delivered again.
 */
export async function runQueue(
  chain: Runnable<unknown, unknown>,
  records: readonly QueueRecord[],
  options: RunQueueOptions,
): Promise<BatchResponse> {
  const failed = new Set<number>(records.keys());
  const groups = inOrder(records);
  const run = groups === undefined ? runAll : runGroups(groups);
  try {
    await run(chain, records, options, failed);
  } catch (error) {
    // The time was up. What is not done by then is delivered again.
    if (options.config.signal?.aborted !== true) throw error;
    for (const index of failed) options.onFailure(error, records[index]!);
  }
  const named = [...failed].sort((one, other) => one - other);
  if (named.length > 0 && isStream(records[0]!)) named.length = 1;
  return { batchItemFailures: named.map((index) => ({ itemIdentifier: identifierOf(records[index]!) })) };
}

type Run = (
  chain: Runnable<unknown, unknown>,
  records: readonly QueueRecord[],
  options: RunQueueOptions,
  failed: Set<number>,
) => Promise<void>;

/** The indexes of records that must keep their order, by key; undefined when none must. */
function inOrder(records: readonly QueueRecord[]): number[][] | undefined {
  const groups = new Map<string, number[]>();
  for (const [index, record] of records.entries()) {
    const key = orderKeyOf(record);
    if (key === undefined) return undefined;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [index]);
    else group.push(index);
  }
  return [...groups.values()];
}

const runAll: Run = async (chain, records, { inputOf, config, maxConcurrency, onFailure }, failed) => {
  const inputs: unknown[] = [];
  const indexes: number[] = [];
  for (const [index, record] of records.entries()) {
    try {
      inputs.push(inputOf(record));
      indexes.push(index);
    } catch (error) {
      onFailure(error, record);
    }
  }
  for await (const [k, outcome] of chain.batchAsCompleted(inputs, config, { maxConcurrency })) {
    const index = indexes[k]!;
    if (outcome.status === "fulfilled") failed.delete(index);
    else if (config.signal?.aborted !== true) onFailure(outcome.reason, records[index]!);
  }
};

function runGroups(groups: readonly number[][]): Run {
  return async (chain, records, { inputOf, config, maxConcurrency = Number.POSITIVE_INFINITY, onFailure }, failed) => {
    const waiting = [...groups];
    const work = async () => {
      for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
        for (const index of group) {
          const record = records[index]!;
          try {
            await chain.invoke(inputOf(record), config);
          } catch (error) {
            onFailure(error, record);
            break;
          }
          failed.delete(index);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(groups.length, maxConcurrency) }, work));
  };
}
