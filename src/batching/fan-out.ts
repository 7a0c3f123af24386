import { captureContext } from "../core/async-context.ts";
import type { Slot } from "../core/budget.ts";
import type { Pacer, RunContext } from "../core/context.ts";
import type { Step } from "../core/step.ts";
import { isThenable } from "../core/thenable.ts";
import { loopPacer } from "./pacer.ts";
import { StagePipeline } from "./stage-pipeline.ts";

/** The number of inputs that start at most between two looks at the clock. It bounds how far a slice can overrun when costs jump. */
const MAX_STRIDE = 16;

/**
 * Starts inputs in order, each as soon as there is a slot for it and the loop's slice lasts, and reports each exactly once. The
 * subclass has the inputs and takes the results; parallels, batches and streams of inputs share this.
 */
export abstract class FanOut {
  /** The number of inputs that were started. */
  protected started = 0;
  /** The number of inputs that were started and have not settled. */
  protected inFlight = 0;
  protected stopped = false;
  /** The pipeline that inputs go through, if they do not start one by one. */
  private pipeline: StagePipeline | null = null;
  private inputOf: ((index: number) => unknown) | undefined;
  private pumping = false;
  private parked = false;
  private waiting = false;
  private stride = 1;
  private sinceClock = 0;
  private context: ReturnType<typeof captureContext> | undefined;

  constructor(
    /** The slot of the call around, where `maxConcurrency` is set. */
    private readonly slot: Slot | null,
    protected readonly pacer: Pacer = loopPacer,
  ) {}

  /** Whether input number `started` is there and may start. */
  protected abstract ready(): boolean;

  /** Starts one input. */
  protected abstract launch(index: number, slot: Slot | null): unknown;

  /** Takes the output of one input. */
  protected abstract onValue(index: number, value: unknown): void;

  /** Takes the failure of one input. */
  protected abstract onError(index: number, error: unknown): void;

  /** From now on, inputs go through stages, and are not launched. */
  protected pipeTo(stages: readonly Step[], ctx: RunContext, inputOf: (index: number) => unknown): void {
    this.inputOf = inputOf;
    this.pipeline = new StagePipeline(stages, ctx, {
      onValue: (index, value) => this.settleAndGoOn(index, null, true, value),
      onError: (index, error) => this.settleAndGoOn(index, null, false, error),
      onRoom: () => this.pump(),
    });
  }

  /** Starts nothing more. */
  protected halt(): void {
    this.stopped = true;
    this.pipeline?.stop();
  }

  /** Takes back the inputs that no stage has started: those that were pushed last. */
  protected dropWaiting(): void {
    const dropped = this.pipeline?.drop() ?? 0;
    this.inFlight -= dropped;
    this.started -= dropped;
  }

  /** Starts the inputs that can start now. Called again whenever more may be able to. */
  protected pump(): void {
    if (this.pumping || this.parked) return;
    this.pumping = true;
    this.startReady();
    this.pumping = false;
  }

  protected startReady(): void {
    const { pipeline } = this;
    for (; !this.stopped && this.ready() && pipeline?.isFull !== true; this.sinceClock++) {
      if (this.sinceClock >= this.stride) {
        if (this.pacer.spent()) {
          this.park();
          break;
        }
        this.sinceClock = 0;
        this.stride = Math.min(this.stride * 2, MAX_STRIDE);
      }
      let slot: Slot | null = null;
      if (this.slot !== null) {
        slot = this.slot.take();
        if (slot === null) {
          this.awaitSlot(this.slot);
          break;
        }
      }
      this.start(this.started++, slot);
    }
  }

  /** Goes on in a later turn of the loop. */
  protected park(): void {
    this.parked = true;
    this.stride = 1;
    this.sinceClock = 0;
    const inContext = this.ownContext();
    this.pacer.park(() => {
      this.parked = false;
      inContext(() => this.pump());
    });
  }

  private awaitSlot(slot: Slot): void {
    if (this.waiting) return;
    this.waiting = true;
    const inContext = this.ownContext();
    slot.wait(() => {
      this.waiting = false;
      inContext(() => this.pump());
    });
  }

  /** The async context of the call, in which inputs start, whoever made room for them. */
  private ownContext(): ReturnType<typeof captureContext> {
    this.context ??= captureContext();
    return this.context;
  }

  protected start(index: number, slot: Slot | null): void {
    this.inFlight++;
    if (this.pipeline !== null) {
      this.pipeline.push(index, this.inputOf!(index));
      return;
    }
    let out: unknown;
    try {
      out = this.launch(index, slot);
    } catch (error) {
      this.settle(index, slot, false, error);
      return;
    }
    if (isThenable(out)) this.follow(index, out, slot);
    else this.settle(index, slot, true, out);
  }

  /** Reports an input whose output is still to come. */
  protected follow(index: number, pending: PromiseLike<unknown>, slot: Slot | null): void {
    Promise.resolve(pending).then(
      (value) => this.settleAndGoOn(index, slot, true, value),
      (error) => this.settleAndGoOn(index, slot, false, error),
    );
  }

  private settleAndGoOn(index: number, slot: Slot | null, succeeded: boolean, result: unknown): void {
    this.settle(index, slot, succeeded, result);
    this.pump();
  }

  /** Reports first and gives the slot back then: a failure must stop the rest before somebody else is woken. */
  private settle(index: number, slot: Slot | null, succeeded: boolean, result: unknown): void {
    this.inFlight--;
    if (succeeded) this.onValue(index, result);
    else this.onError(index, result);
    slot?.release();
  }
}
