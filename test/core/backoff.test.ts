import { describe, expect, it } from "vitest";
import { Backoff, type BackoffOptions } from "../../src/core/backoff.ts";

const delays = (options: BackoffOptions, random: () => number = () => 0): number[] => {
  const backoff = new Backoff(options, random);
  return [1, 2, 3, 4].map((attempt) => backoff.delayMs(attempt));
};

describe("the wait between attempts", () => {
  it("doubles from one second", () => {
    expect(delays({})).toEqual([1000, 2000, 4000, 8000]);
  });

  it("is up to twice as long with jitter", () => {
    expect(delays({}, () => 0.5)).toEqual([1500, 3000, 6000, 12_000]);
    expect(delays({ jitter: false }, () => 0.5)).toEqual([1000, 2000, 4000, 8000]);
  });

  it("grows by the factor and stops at the longest", () => {
    expect(delays({ initialDelayMs: 10, factor: 3, maxDelayMs: 100 })).toEqual([10, 30, 90, 100]);
    expect(delays({ maxDelayMs: 1500 }, () => 0.9)).toEqual([1500, 1500, 1500, 1500]);
  });

  it("is nothing when it starts with nothing, however many attempts there were", () => {
    const backoff = new Backoff({ initialDelayMs: 0 });
    expect(backoff.delayMs(1)).toBe(0);
    expect(backoff.delayMs(5000)).toBe(0);
  });

  it("never exceeds what a timer can wait", () => {
    const backoff = new Backoff({ jitter: false });
    expect(backoff.delayMs(5000)).toBe(2 ** 31 - 1);
  });

  it("is at least as long as the error asks for", () => {
    const backoff = new Backoff({ jitter: false, maxDelayMs: 1000 });
    expect(backoff.delayMs(1, { retryAfterMs: 5000 })).toBe(5000);
    expect(backoff.delayMs(1, { retryAfterMs: 5 })).toBe(1000);
  });

  it.each([{ retryAfterMs: -1 }, { retryAfterMs: "5000" }, { retryAfterMs: Number.NaN }, null, undefined, "boom"])(
    "takes no notice of an error without a usable retryAfterMs: %o",
    (error) => {
      expect(new Backoff({ jitter: false }).delayMs(1, error)).toBe(1000);
    },
  );

  it.each(["initialInterval", "maxDelay", "delayMs", "toString"])(
    "refuses an option that it does not know: %s",
    (option) => {
      expect(() => new Backoff({ [option]: 1 })).toThrow(
        `backoff.${option} must be left out: the options are initialDelayMs, factor, maxDelayMs, jitter, but it is the number 1.`,
      );
    },
  );

  it.each<[string, unknown]>([
    ["backoff", 5],
    ["backoff.initialDelayMs", { initialDelayMs: -1 }],
    ["backoff.initialDelayMs", { initialDelayMs: Number.POSITIVE_INFINITY }],
    ["backoff.factor", { factor: Number.NaN }],
    ["backoff.maxDelayMs", { maxDelayMs: "1s" }],
    ["backoff.jitter", { jitter: 2 }],
  ])("refuses a bad %s", (option, options) => {
    expect(() => new Backoff(options as BackoffOptions)).toThrow(
      expect.objectContaining({
        code: "RUNLANE_INVALID_OPTION",
        message: expect.stringContaining(`${option} must be`),
      }),
    );
  });
});
