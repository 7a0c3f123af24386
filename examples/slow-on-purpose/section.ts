import { readFile } from "node:fs/promises";

/** An input: which section of which page of docs/. */
export interface SectionName {
  file: string;
  section: number;
}

/** A section of a page. */
export interface Section {
  id: string;
  file: string;
  /** How its page begins. */
  opening: string;
  text: string;
  /** The first words, in small letters. */
  words: string[];
}

const pages = new Map<string, Promise<string[]>>();

function sectionsOf(file: string): Promise<string[]> {
  let sections = pages.get(file);
  if (sections === undefined) {
    const url = new URL(`../../docs/${file}`, import.meta.url);
    sections = readFile(url, "utf8").then((text) => text.split(/^(?=#+ )/m));
    pages.set(file, sections);
  }
  return sections;
}

export async function load({ file, section }: SectionName): Promise<Section> {
  const sections = await sectionsOf(file);
  const text = sections
    .slice(section % sections.length)
    .join("")
    .slice(0, 4000);
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  const opening = sections.join("").slice(0, 400);
  return { id: `${file.replace(".md", "")}-${section}`, file, opening, text, words: words.slice(0, 300) };
}
