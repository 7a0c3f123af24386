import { readFile } from "node:fs/promises";
import { basename } from "node:path";

/** A Markdown file. */
export interface MarkdownDocument {
  path: string;
  title: string;
  bytes: number;
  /** What is written for people to read: Markdown without code, link targets and HTML tags. */
  prose: string;
}

/** A Markdown file, cut into pieces that a model can look at one by one. */
export type SplitDocument = MarkdownDocument & { chunks: string[] };

/** Reads a file. */
export async function load(path: string): Promise<MarkdownDocument> {
  const file = await readFile(path);
  const markdown = file.toString();
  return { path, title: findTitle(markdown) ?? basename(path), bytes: file.length, prose: proseOf(markdown) };
}

/** The first heading with words in it, written as `# Title`, as `<h1>Title</h1>` or underlined with `===`. */
function findTitle(markdown: string): string | undefined {
  for (const [, hashes, underlined, tagged] of markdown.matchAll(/^#+ +(.+)$|^(.+)\n=+$|<h1[^>]*>([\s\S]*?)<\/h1>/gm)) {
    const title = proseOf(hashes ?? underlined ?? tagged ?? "")
      .replace(/\s+/g, " ")
      .trim();
    if (title !== "") return title;
  }
  return undefined;
}

function proseOf(markdown: string): string {
  return markdown
    .replace(/^( *)(```|~~~)[\s\S]*?^\1\2/gm, "")
    .replace(/<!--[\s\S]*?-->|<\/?[a-zA-Z][^>]*>/g, "")
    .replace(/!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])/g, "")
    .replace(/\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, "$1")
    .replace(/^\[[^\]]*\]: .*$/gm, "")
    .replace(/[*`]/g, "");
}
