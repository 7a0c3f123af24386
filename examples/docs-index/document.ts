import { readFile } from "node:fs/promises";
import { basename } from "node:path";

/** A Markdown file. */
export interface MarkdownDocument {
  path: string;
  title: string;
  bytes: number;
  text: string;
}

/** Reads a file and finds its title. */
export async function load(path: string): Promise<MarkdownDocument> {
  const buffer = await readFile(path);
  const text = buffer.toString();
  return { path, title: findTitle(text) ?? basename(path), bytes: buffer.length, text };
}

/** The first heading, written as `# Title`, as `<h1>Title</h1>` or underlined with `===`; without links, images and tags. */
function findTitle(text: string): string | undefined {
  for (const [, hashes, underlined, tagged] of text.matchAll(/^#+ +(.+)$|^(.+)\n=+$|<h1[^>]*>([\s\S]*?)<\/h1>/gm)) {
    const title = (hashes ?? underlined ?? tagged ?? "")
      .replace(/!\[[^\]]*\]\([^)]*\)/g, "")
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/<[^>]*>|[*`]/g, "")
      .replace(/\s+/g, " ")
      .trim();
    if (title !== "") return title;
  }
  return undefined;
}
