import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DOCUMENTS, filled, storedResults } from "../runtimes/tables.mjs";

const results = storedResults();

describe("what runs where, as `npm run test:runtimes` has seen it", () => {
  it.each(DOCUMENTS)("is what the tables of %s say", (path) => {
    const text = readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");
    expect(text).toContain("<!-- seen: ");
    expect(text).toBe(filled(text, results));
  });

  it("fails nowhere without a clear error", () => {
    const cells = Object.values(results).flatMap((seen) =>
      Object.values(seen).flatMap((tried) => Object.values(tried)),
    );
    expect(cells.length).toBeGreaterThan(50);
    for (const cell of cells) expect(cell).toMatch(/^(?:yes|\d+|RUNLANE_[A-Z_]+(?:: [\w-]+)?)$/);
  });
});
