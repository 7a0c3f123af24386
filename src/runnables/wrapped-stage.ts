import type { RunContext } from "../core/context.ts";
import type { FeedHandle, InputSource } from "../core/input-source.ts";
import type { Step } from "../core/step.ts";
import type { Placed, Placement } from "../plan/placement.ts";
import type { RunnableNode } from "./registry.ts";
import { Runnable } from "./runnable.ts";

/** How a wrapper runs the inputs of a stage inside it. */
export interface StageChange {
  run(input: unknown, ctx: RunContext): unknown;
  /** Feeds the stage; undefined where it takes its inputs one by one in this context. */
  openFeed(feed: InputSource, ctx: RunContext): FeedHandle | undefined;
  /** The wrapper's part of the reason that plans show, after the stage's own. */
  readonly why?: string | undefined;
}

/**
 * @internal A stage of the wrapped runnable, as a batch through the wrapper runs it. Plans and statistics see the stage itself.
 */
export class WrappedStage extends Runnable {
  readonly stages: readonly Step[];
  readonly observedAs: Step;
  /** Set where the stage takes many inputs at once. */
  readonly openFeed: Step["openFeed"];
  private readonly stage: Step & Placed & { readonly node?: RunnableNode };
  private readonly change: StageChange;

  constructor(stage: Step, change: StageChange) {
    super();
    this.stage = stage;
    this.change = change;
    this.stages = [this];
    this.observedAs = stage.observedAs ?? stage;
    if (stage.openFeed !== undefined) this.openFeed = (feed, ctx) => change.openFeed(feed, ctx);
  }

  override get node(): RunnableNode {
    return this.stage.node ?? super.node;
  }

  override get label(): string {
    return this.stage.label;
  }

  override get laneName(): string | undefined {
    return this.stage.laneName;
  }

  get placement(): Placement | undefined {
    const { placement } = this.stage;
    const { why } = this.change;
    return placement && why !== undefined ? { ...placement, why: `${placement.why}; ${why}` } : placement;
  }

  get parts(): readonly Step[] | undefined {
    return this.stage.parts;
  }

  get path(): readonly Step[] | undefined {
    return this.stage.path;
  }

  override getName(suffix?: string): string {
    return `${this.stage.getName()}${suffix ?? ""}`;
  }

  /** None: the stage reports its own runs. */
  override get trace(): undefined {
    return undefined;
  }

  override run(input: unknown, ctx: RunContext): unknown {
    return this.change.run(input, ctx);
  }
}

/** The inputs of a batch on their way through a wrapper to a lane, and their outputs on their way back. */
export class WrappedSource implements InputSource {
  constructor(protected readonly source: InputSource) {}

  get waiting(): number {
    return this.source.waiting;
  }

  take(): number {
    return this.source.take();
  }

  inputOf(key: number): unknown {
    return this.source.inputOf(key);
  }

  fulfil(key: number, output: unknown): void {
    this.source.fulfil(key, output);
  }

  reject(key: number, error: unknown): void {
    this.source.reject(key, error);
  }
}
