import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { draw, TIMELINES } from "../../scripts/timelines.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DOCUMENTS = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** A document without what stands in fences. */
function textOf(path: string): string {
  return readFileSync(join(ROOT, path), "utf8").replace(/^( *)(`{3,})[\s\S]*?^\1\2$/gm, "");
}

/** The anchors of the headings of a document, as GitHub and VitePress make them. */
function anchorsOf(path: string): Set<string> {
  const seen = new Map<string, number>();
  const headings = [...textOf(path).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = ""]) => {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replace(/\s/g, "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
  return new Set(headings);
}

test.each(DOCUMENTS)("links of %s lead to files and headings that are there", (document) => {
  const broken: string[] = [];
  for (const [, link = ""] of textOf(document).matchAll(/\]\(([^()\s]+)\)/g)) {
    if (/^[a-z]+:/.test(link)) continue;
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? document : join(dirname(document), file);
    if (!existsSync(join(ROOT, target))) broken.push(link);
    else if (anchor !== undefined && target.endsWith(".md") && !anchorsOf(target).has(anchor)) broken.push(link);
  }
  expect(broken).toEqual([]);
});

test.each(TIMELINES)("docs/images/$file.svg is what scripts/timelines.mjs draws", (timeline) => {
  expect(readFileSync(join(ROOT, `docs/images/${timeline.file}.svg`), "utf8")).toBe(draw(timeline));
});
