import { Linked, LinkedList } from "../core/linked-list.ts";
import type { Timers } from "./timers.ts";

/** Inputs of one call, while they gather and while the call waits for its turn. The subclass holds the inputs. */
export class Gathering extends Linked {
  /** @internal */
  weight = 0;
  /** @internal The number of inputs, without those that have left. */
  count = 0;
  /** @internal The timer after which the call is due, while it is not full. */
  timer: unknown;
  /** @internal Whether the call is due at the end of this turn of microtasks. */
  isSoon = false;
  /** @internal Whether inputs can still be added. */
  isOpen = true;
  /** @internal Whether the call stands in line to be sent: full, or waited long enough. One that is not full goes on gathering there. */
  isInLine = false;

  /** @param key Only inputs with the same key go together. */
  constructor(readonly key: string) {
    super();
  }
}

/** The options of a {@link Coalescer}: when inputs are sent, and how many together. */
export interface CoalescerOptions<Batch, Shared> {
  /** The largest size of a call. An input that weighs more goes alone. */
  readonly maxBatchSize: number;
  /** The longest time that an input waits for others while a call could be made, in milliseconds; 0: to the end of the microtasks. */
  readonly maxWaitMs: number;
  /** The number of calls that run at once at most. */
  readonly maxConcurrentBatches: number;
  /** Makes an empty batch. */
  readonly open: (key: string, shared: Shared) => Batch;
  /**
   * Makes a call. Must not throw.
   *
   * @param free May be called when the work of the call is done and something is left to do with its result: then the next full call
   *   need not wait for that.
   * @returns A promise if the call goes on. It must not be rejected.
   */
  readonly send: (batch: Batch, free: () => void) => Promise<void> | undefined;
  readonly timers: Timers;
}

/**
 * Gathers inputs that come from anywhere in the process and sends them together: as soon as a call is full, or after `maxWaitMs` from
 * its first input. While as many calls run as may, inputs go on gathering, and who has waited longest goes next.
 *
 * It knows nothing of the inputs and of what a call does with them. It costs one timer per call, and nothing per input.
 */
export class Coalescer<Batch extends Gathering, Shared> {
  /** The batches that take inputs, by key. */
  private readonly open = new Map<string, Batch>();
  private readonly line = new LinkedList<Batch>();
  private running = 0;
  private isPumping = false;

  constructor(private readonly options: CoalescerOptions<Batch, Shared>) {}

  /**
   * Finds place for an input. The caller puts it there, and says so by {@link added}.
   *
   * @param shared The common part of inputs with this key.
   */
  place(key: string, shared: Shared, weight: number): Batch {
    let batch = this.open.get(key);
    if (batch !== undefined && batch.weight + weight > this.options.maxBatchSize) {
      this.shut(batch);
      this.enqueue(batch);
      batch = undefined;
    }
    if (batch === undefined) {
      batch = this.options.open(key, shared);
      this.open.set(key, batch);
    }
    batch.weight += weight;
    batch.count++;
    return batch;
  }

  /**
   * An input has been put into a batch. If that fills the batch and a call may run, the call is made before this returns.
   *
   * @param soon Whether no other input is expected: then the batch goes at the end of this turn of microtasks at the latest.
   */
  added(batch: Batch, soon = false): void {
    const { maxBatchSize, maxWaitMs, timers } = this.options;
    if (batch.weight >= maxBatchSize) {
      this.shut(batch);
      this.enqueue(batch);
    } else if (soon || maxWaitMs === 0) {
      this.flushSoon(batch);
    } else if (batch.timer === undefined && !batch.isInLine) {
      batch.timer = timers.set(() => this.makeDue(batch), maxWaitMs);
    }
    if (this.line.length > 0) this.pump();
  }

  /** Takes note that an input has left a batch that has not been sent. */
  left(batch: Batch, weight: number): void {
    batch.weight -= weight;
    batch.count--;
    if (batch.count > 0) return;
    this.shut(batch);
    if (batch.isInLine) this.line.remove(batch);
  }

  /** Sends all waiting inputs as soon as a call may run, because no others are expected. */
  flush(): void {
    for (const batch of this.open.values()) this.flushSoon(batch);
  }

  private flushSoon(batch: Batch): void {
    if (batch.isSoon) return;
    batch.isSoon = true;
    this.options.timers.soon(() => this.makeDue(batch));
  }

  private makeDue(batch: Batch): void {
    this.stopTimer(batch);
    if (!batch.isOpen) return;
    this.enqueue(batch);
    this.pump();
  }

  private enqueue(batch: Batch): void {
    if (batch.isInLine) return;
    batch.isInLine = true;
    this.line.push(batch);
  }

  /** Lets no more inputs in. */
  private shut(batch: Batch): void {
    if (!batch.isOpen) return;
    batch.isOpen = false;
    this.open.delete(batch.key);
    this.stopTimer(batch);
  }

  private stopTimer(batch: Batch): void {
    if (batch.timer !== undefined) this.options.timers.clear(batch.timer);
    batch.timer = undefined;
  }

  /** Makes the calls that may run now. */
  private pump(): void {
    if (this.isPumping) return;
    this.isPumping = true;
    while (this.running < this.options.maxConcurrentBatches) {
      const batch = this.line.shift();
      if (batch === null) break;
      this.shut(batch);
      this.send(batch);
    }
    this.isPumping = false;
  }

  private send(batch: Batch): void {
    this.running++;
    let isFree = false;
    const free = (): void => {
      if (isFree) return;
      isFree = true;
      this.running--;
    };
    const going = this.options.send(batch, () => {
      // One that is not full yet may be, when the results of this one have brought more inputs.
      if (this.line.first?.isOpen !== false) return;
      free();
      this.pump();
    });
    if (going === undefined) free();
    else {
      going.then(() => {
        free();
        this.pump();
      });
    }
  }
}
