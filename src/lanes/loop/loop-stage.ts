import { oneLine, startFailed } from "../pool/faults.ts";
import type { StageMeter } from "../stage/stage-meter.ts";
import type { StageRecord } from "../stage/stage-record.ts";
import type { StageRunner } from "../stage/stage-step.ts";

/** The event loop's record of a stage: its runner, once that is loaded, and its figures. */
export class LoopStage {
  readonly label: string;
  readonly meter: StageMeter;
  /** The runner of the stage; undefined until it is loaded. */
  step: StageRunner | undefined;
  /** Settles when {@link step} is there. */
  readonly loading: Promise<StageRunner>;

  constructor(
    private readonly lane: string,
    record: StageRecord,
    private readonly revive: (shipped: unknown, label: string) => Promise<StageRunner>,
  ) {
    this.label = record.label;
    this.meter = record.meter;
    this.loading = this.load(record);
    this.loading.then(
      (step) => {
        this.step = step;
      },
      () => {},
    );
  }

  /** Counts an input of the stage that has ended. */
  count(failed: boolean, busyMs: number): void {
    this.meter.reported(1, 1, failed ? 1 : 0, busyMs, 0);
  }

  private async load(record: StageRecord): Promise<StageRunner> {
    await record.shipping;
    try {
      return await this.revive(record.shipped?.data, record.label);
    } catch (error) {
      throw startFailed(this.label, this.lane, oneLine(error), error);
    }
  }
}
