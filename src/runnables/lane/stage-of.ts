import { StillLoading } from "../../core/still-loading.ts";
import type { LaneStage } from "../../lanes/lane.ts";

let stages = 0;

/**
 * Makes a stage of what is to be sent, which is checked now. Where the means of that are still being loaded, calls wait for them, and
 * are refused instead.
 *
 * @param ship Makes the data. @throws What is wrong with the step, and StillLoading
 */
export function stageOf(label: string, ship: () => unknown): LaneStage {
  const stage = { id: ++stages, label, shipped: undefined as unknown };
  const shipped = (): unknown => {
    try {
      return ship();
    } catch (error) {
      if (!(error instanceof StillLoading)) throw error;
      const later = error.loaded.then(shipped);
      later.then(
        (tree) => {
          stage.shipped = tree;
        },
        () => {},
      );
      return later;
    }
  };
  stage.shipped = shipped();
  return stage;
}

/** Whether it is known what is sent. */
export function isShipped({ shipped }: LaneStage): boolean {
  return !(shipped instanceof Promise);
}
