import type { SplitDocument } from "./document.ts";
import { type Duplicate, duplicateOf } from "./duplicates.ts";
import type { Entity } from "./language.ts";
import { pack } from "./vectors.ts";

/** What the model found in one chunk of a document. */
export interface Annotations {
  sentences: number;
  entities: Entity[];
  keywords: string[];
  sentiment: number;
}

/** One line of the index. */
export interface IndexEntry {
  path: string;
  title: string;
  bytes: number;
  chunks: number;
  sentences: number;
  /** The mean over all sentences, from -1 to 1. */
  sentiment: number;
  keywords: string[];
  entities: (Entity & { count: number })[];
  /** The document before this one that says nearly the same, if there is one. */
  duplicateOf: Duplicate | null;
  /** The first chunks, each with what it means: see `vectors.ts`. */
  passages: { text: string; vector: string }[];
}

/** A document, with what the models found in its chunks. */
type ReadDocument = SplitDocument & { annotations: Annotations[]; vectors: Float32Array[] };

/** Puts what was found in the chunks of a document together. */
export function summarize(document: ReadDocument): IndexEntry {
  const { path, title, bytes, chunks, annotations, vectors } = document;
  const sentences = sum(annotations.map((chunk) => chunk.sentences));
  const sentiment = sum(annotations.map((chunk) => chunk.sentiment * chunk.sentences)) / Math.max(1, sentences);
  const found = annotations.flatMap((chunk) => chunk.entities);
  return {
    path,
    title,
    bytes,
    chunks: chunks.length,
    sentences,
    sentiment: Math.round(sentiment * 1000) / 1000,
    keywords: mostFrequent(
      annotations.flatMap((chunk) => chunk.keywords),
      (word) => word,
      10,
    ).map(([word]) => word),
    entities: mostFrequent(found, ({ type, value }) => `${type} ${value}`, 20).map(([{ type, value }, count]) => ({
      type,
      value,
      count,
    })),
    duplicateOf: duplicateOf(document),
    passages: vectors.map((vector, at) => ({ text: chunks[at]!, vector: pack(vector) })),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The `count` most frequent things, with how often each occurs; among equals, the one that comes first. */
function mostFrequent<T>(
  things: readonly T[],
  keyOf: (thing: T) => string,
  count: number,
): [thing: T, times: number][] {
  const seen = new Map<string, [T, number]>();
  for (const thing of things) {
    const entry = seen.get(keyOf(thing));
    if (entry === undefined) seen.set(keyOf(thing), [thing, 1]);
    else entry[1]++;
  }
  return [...seen.values()].sort((a, b) => b[1] - a[1]).slice(0, count);
}
