import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ERROR_TABLE, RunlaneError, runlaneError } from "../../src/core/errors/errors.ts";

describe("the error table", () => {
  const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");

  it.each(Object.entries(ERROR_TABLE))("is what the documentation shows: %s", (code, row) => {
    expect(page).toContain(`## ${code}\n\n> ${row.message}\n\n${row.cause}\n\n${row.fix}\n`);
  });

  it("has no row in the documentation that it does not have itself", () => {
    const documented = [...page.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    expect(documented).toEqual(Object.keys(ERROR_TABLE));
  });

  it("fills its messages in and adds what to do", () => {
    const error = runlaneError("RUNLANE_CONFIG_COUNT", { inputs: 3, configs: 2 });
    expect(error.message).toMatch(/^A batch of 3 inputs got 2 configs; .*exactly one config per input\.$/);
  });

  it("makes errors that another copy of the package recognises", () => {
    const foreign = Object.assign(new Error("from elsewhere"), { [Symbol.for("runlane.error")]: true });
    expect(foreign).toBeInstanceOf(RunlaneError);
    expect(new Error("plain")).not.toBeInstanceOf(RunlaneError);
  });
});
