import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { findingOf, RunlaneError, runlaneError } from "../../src/core/errors/errors.ts";
import { ERROR_TABLE } from "../../src/core/errors/table.ts";
import { processes, RouterRunnable, threads } from "../../src/index.ts";

describe("the error table", () => {
  const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");

  it.each(Object.entries(ERROR_TABLE))(
    "is what the documentation shows, with a cause: %s",
    (code, { message, fix }) => {
      const [, section = ""] = page.split(`## ${code}\n\n`);
      const [said, cause, done] = section.split("\n\n", 3);
      expect([said, done?.trimEnd()]).toEqual([`> ${message}`, fix]);
      expect(cause).toMatch(/^[^>#]*\.$/s);
    },
  );

  it("has no row in the documentation that it does not have itself", () => {
    const documented = [...page.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    expect(documented).toEqual(Object.keys(ERROR_TABLE));
  });

  it("fills its messages in and adds what to do", () => {
    const error = runlaneError("RUNLANE_CONFIG_COUNT", { inputs: 3, configs: 2 });
    expect(error.message).toMatch(/^A batch of 3 inputs got 2 configs; .*exactly one config per input\.$/);
  });

  it("gives what stands in a message as details too, also of errors from workers", async () => {
    const error = runlaneError("RUNLANE_CONFIG_COUNT", { inputs: 3, configs: 2 });
    expect(error.details).toEqual({ inputs: 3, configs: 2 });
    expect(Object.keys(error)).not.toContain("details");
    expect(findingOf(error)).toBe("A batch of 3 inputs got 2 configs; an array of configs needs one per input.");
    for (const lane of [threads({ max: 1 }), processes({ max: 1 })]) {
      const chain = new RouterRunnable({ runnables: {} }).withLane(lane);
      const thrown = await chain.invoke({ key: "nowhere", input: 1 }).catch((thrown) => thrown);
      expect(thrown).toMatchObject({ code: "RUNLANE_UNKNOWN_ROUTE", details: { received: 'the string "nowhere"' } });
      expect(findingOf(thrown)).toBe('RouterRunnable has no runnable for the key the string "nowhere"; it knows none.');
      await lane.close();
    }
  });

  it("makes errors that another copy of the package recognises", () => {
    const foreign = Object.assign(new Error("from elsewhere"), { [Symbol.for("runlane.error")]: true });
    expect(foreign).toBeInstanceOf(RunlaneError);
    expect(new Error("plain")).not.toBeInstanceOf(RunlaneError);
  });
});
