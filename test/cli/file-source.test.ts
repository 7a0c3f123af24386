import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileSource, findFiles } from "../../src/cli/input/file-source.ts";
import { scratchFolder } from "./scratch.ts";

function folderWith(...files: string[]): string {
  const folder = scratchFolder();
  for (const file of files) {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), "");
  }
  return folder;
}

describe("findFiles", () => {
  it("gives every matching file once, sorted, relative to the working folder", async () => {
    const folder = folderWith("b.md", "a/z.md", "a/B.md", "a/b.md", "c.txt", ".hidden.md");
    expect((await findFiles(["**/*.md", "a/*.md"], folder)).paths).toEqual(["a/B.md", "a/b.md", "a/z.md", "b.md"]);
  });

  it("takes the name of a file for that file, even when it looks like a pattern", async () => {
    const folder = folderWith("[id].md", "i.md", "a (1).md");
    expect((await findFiles(["[id].md", "a (1).md"], folder)).paths).toEqual(["[id].md", "a (1).md"]);
  });

  it("leaves out what a pattern with ! in front matches", async () => {
    const folder = folderWith("a.md", "b.md");
    expect((await findFiles(["*.md", "!b.md"], folder)).paths).toEqual(["a.md"]);
  });

  it("takes every name for itself, and never a name for nothing", async () => {
    const folder = folderWith("!name.md", "a.md", "back\\slash.md", "sub/b.md");
    expect((await findFiles(["./!name.md", "sub/../a.md"], folder)).paths).toEqual(["!name.md", "a.md"]);
    expect((await findFiles(["back\\slash.md"], folder)).paths).toEqual(["back\\slash.md"]);
    expect((await findFiles(["a.md", "sub/*.md", "!a.md"], folder)).paths).toEqual(["sub/b.md"]);
    await expect(findFiles(["a.md", "gone.md"], folder)).rejects.toThrow("there is no file gone.md");
    await expect(findFiles(["a.md", ""], folder)).rejects.toThrow("--files has an empty pattern");
    await expect(findFiles(["!a.md"], folder)).rejects.toThrow("no file matches !a.md");
  });

  it("leaves out of patterns what is no input", async () => {
    const folder = folderWith("a.md", "out.md");
    const { paths, named } = await findFiles(["*.md", "a.md"], folder, (path) => path === "out.md");
    expect(paths).toEqual(["a.md"]);
    expect([...named]).toEqual(["a.md"]);
  });

  it("says when nothing matches, and how to name the files of a folder", async () => {
    const folder = folderWith("docs/a.md");
    await expect(findFiles(["*.txt"], folder)).rejects.toThrow("no file matches *.txt");
    await expect(findFiles(["docs/"], folder)).rejects.toThrow('docs/ is a folder, its files are "docs/**"');
  });
});

describe("fileSource", () => {
  it("makes each path an input, from where an earlier run has ended", async () => {
    const paths = Array.from({ length: 3000 }, (_, n) => `file-${n}.md`);
    const source = fileSource(paths);
    expect(source.count).toBe(3000);
    const read: unknown[] = [];
    const blocks = source.read(5);
    for (let block = await blocks.next(); !block.done; block = await blocks.next()) read.push(...block.value.values);
    expect(read).toEqual(paths.slice(5));
  });
});
