import type { Stage } from "./lane.ts";
import { StageMeter } from "./stage-meter.ts";

/** What a pool knows of one stage. */
export class StageRecord {
  readonly meter: StageMeter;
  /** The data that workers need; undefined until it is there. */
  shipped: { readonly data: unknown } | undefined;
  /** Settles when {@link shipped} is there. */
  readonly shipping: PromiseLike<unknown> | undefined;

  /** Whether the pool waits for {@link shipping}. */
  isAwaited = false;
  readonly label: string;
  /** What errors about its data call it. */
  readonly where: string;

  constructor(
    readonly id: number,
    stage: Stage,
  ) {
    this.label = stage.label;
    this.where = `the step ${JSON.stringify(stage.label)}`;
    this.meter = new StageMeter(stage.label);
    const { shipped } = stage;
    if (shipped instanceof Promise) this.shipping = shipped.then((data) => (this.shipped = { data }));
    else this.shipped = { data: shipped };
  }
}
