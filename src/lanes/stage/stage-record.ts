import { packingWithHints } from "../../shipping/data/foreign-hint.ts";
import type { PackOptions } from "../../shipping/data/format.ts";
import { loadShared, type ShippedResource, shippedResources } from "../../shipping/tree/ship-resource.ts";
import type { LaneStage } from "../lane.ts";
import { StageMeter } from "./stage-meter.ts";

/** What a pool knows of one stage. */
export class StageRecord {
  readonly meter: StageMeter;
  /** The data that workers need; undefined until it is there. */
  shipped: { readonly data: unknown } | undefined;
  /** Settles when {@link shipped} is there. */
  readonly shipping: PromiseLike<unknown> | undefined;

  /** The resources that its workers load, or share. */
  resources: readonly ShippedResource[] = [];

  /** The names of the resources that it uses, as its workers have told. */
  used: readonly string[] = [];

  private packingMade: PackOptions | undefined;

  /** Whether the pool waits for {@link shipping}. */
  isAwaited = false;
  readonly label: string;
  /** What errors about its data call it. */
  readonly where: string;

  constructor(
    readonly id: number,
    stage: LaneStage,
  ) {
    this.label = stage.label;
    this.where = `the step ${JSON.stringify(stage.label)}`;
    this.meter = new StageMeter(stage.label);
    const { shipped } = stage;
    this.shipping = shipped instanceof Promise ? shipped.then((data) => this.prepare(data)) : this.prepare(shipped);
  }

  /** How its inputs are packed. A pool has workers of one kind, so that there is one answer. */
  packing(shared: boolean): PackOptions {
    this.packingMade ??= packingWithHints(shared, "input", (text) => this.meter.hints.add(text));
    return this.packingMade;
  }

  /** What threads share is loaded here before it can be sent. */
  private prepare(data: unknown): Promise<unknown> | undefined {
    this.resources = shippedResources(data);
    const loading = loadShared(this.resources);
    if (loading !== undefined) return loading.then(() => (this.shipped = { data }));
    this.shipped = { data };
    return undefined;
  }
}
