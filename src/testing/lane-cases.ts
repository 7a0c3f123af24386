import { ignoreRejection } from "../core/thenable.ts";
import type { Lane } from "../lanes/lane.ts";
import { CLOSING } from "./cases/closing.ts";
import { CONTEXT } from "./cases/context.ts";
import { DATA } from "./cases/data.ts";
import { ERRORS } from "./cases/errors.ts";
import { FEEDS } from "./cases/feeds.ts";
import { FIGURES } from "./cases/figures.ts";
import { OUTCOMES } from "./cases/outcomes.ts";
import { STOPPING } from "./cases/stopping.ts";
import { STREAMS } from "./cases/streams.ts";
import { TIMEOUTS } from "./cases/timeouts.ts";
import { within } from "./expectations.ts";
import type { CaseDefinition, LaneCase, LaneCasesOptions } from "./lane-case.ts";

const ALL: readonly CaseDefinition[] = [
  ...OUTCOMES,
  ...DATA,
  ...ERRORS,
  ...CONTEXT,
  ...STREAMS,
  ...STOPPING,
  ...TIMEOUTS,
  ...FEEDS,
  ...FIGURES,
  ...CLOSING,
];

/**
 * The requirements on a lane, as cases for any test framework: `it(name, run)` of Vitest, node:test, Jest and Mocha takes them as they are.
 *
 * Each case opens a lane of its own and closes it. Capabilities that a lane lacks stand in `skip`, with a reason, which the case then
 * carries.
 *
 * @example
 * ```ts
 * import { describe, it } from "node:test";
 * import { threads } from "runlane";
 * import { laneCases } from "runlane/testing";
 *
 * describe("threads", () => {
 *   for (const { name, skip, run } of laneCases({ open: ({ workers }) => threads({ min: workers, max: workers, graceMs: 50 }) })) {
 *     if (skip === undefined) it(name, run);
 *     else it.skip(`${name} (${skip})`, run);
 *   }
 * });
 * ```
 */
export function laneCases(options: LaneCasesOptions): LaneCase[] {
  return ALL.map((definition) => caseOf(definition, options));
}

function caseOf({ name, needs, workers = 1, check }: CaseDefinition, options: LaneCasesOptions): LaneCase {
  const { open, skip, patienceMs = 4000 } = options;
  const reason = needs === undefined ? undefined : skip?.[needs];
  const run = async (): Promise<void> => {
    const lane = await open({ workers });
    try {
      await within(patienceMs, "the case", check({ lane: quiet(lane), patienceMs }));
    } finally {
      // Calls that a failed case has left running must not hold up the next one.
      await within(patienceMs, "closing the lane by force", lane.close({ force: true }));
    }
  };
  return reason === undefined ? { name, run } : { name, skip: reason, run };
}

/** A case that fails leaves calls behind, whose rejections nobody waits for. */
function quiet(lane: Lane): Lane {
  const run: Lane["run"] = (...args) => {
    const output = lane.run(...args);
    ignoreRejection(output);
    return output;
  };
  return new Proxy(lane, {
    get(target, key) {
      const value = Reflect.get(target, key);
      if (key === "run") return run;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
