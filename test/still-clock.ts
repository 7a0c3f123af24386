import { afterEach, beforeEach, vi } from "vitest";

/** No time passes in the tests of this file or block: a slice of a batch is never used up, however slow or busy the machine is. */
export function stillClock(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}
