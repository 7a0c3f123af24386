import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const page = new URL("../../docs/langchain.md", import.meta.url);
const [, section = ""] = readFileSync(page, "utf8").split("## What is better\n");

/** The cells of each row of the table. */
const rows = section
  .split("\n## ", 1)[0]!
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| ---"))
  .slice(1)
  .map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

describe("the table of what is better than in LangChain", () => {
  it("has rows", () => {
    expect(rows.length).toBeGreaterThan(30);
  });

  it.each(rows.map((row) => [row[0] as string, row] as const))(
    "names a test that exists: %s",
    (_, [, own, issue, test]) => {
      expect(own).not.toBe("");
      expect(issue).toMatch(/^(#\d+(, #\d+)*)?$/);
      const [, path = "", title = ""] = /^`(test\/[^`]+)`: (.+)$/.exec(test ?? "") ?? [];
      const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
      expect(existsSync(file), `${path} does not exist`).toBe(true);
      expect(readFileSync(file, "utf8")).toContain(`"${title}"`);
    },
  );
});
