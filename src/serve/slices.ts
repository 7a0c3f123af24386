import { loopPacer } from "../batching/pacer.ts";

/** So many steps are done between two looks at the clock. */
const STEPS = 64;

/** Does something so many times, in slices: other requests, timers and I/O have their turn in between. */
export async function inSlices(times: number, step: (index: number) => void): Promise<void> {
  for (let index = 0; index < times; index++) {
    step(index);
    if (index % STEPS === STEPS - 1 && loopPacer.spent()) await new Promise<void>((resolve) => loopPacer.park(resolve));
  }
}
