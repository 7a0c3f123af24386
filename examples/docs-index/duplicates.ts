import { middle, similarity } from "./vectors.ts";

/** A document that says nearly the same. */
export interface Duplicate {
  path: string;
  /** How near the two are, from 0 to 1. */
  similarity: number;
}

/** Documents that are nearer than this say nearly the same: another version, or a copy with another name in it. */
const NEAR = 0.985;

/**
 * What a document means, by its path: the one thing here that is known of other documents. It stays on the event loop, which all documents
 * pass, and takes 2 kB each.
 */
const known = new Map<string, Float32Array>();

/** The document before this one, in the order of paths, that is nearest to it, if it says nearly the same. */
export function duplicateOf({ path, vectors }: { path: string; vectors: Float32Array[] }): Duplicate | null {
  const meaning = middle(vectors);
  known.set(path, meaning);
  let nearest: Duplicate | null = null;
  for (const [other, its] of known) {
    if (other >= path || its.length !== meaning.length) continue;
    const near = similarity(meaning, its);
    if (near >= (nearest?.similarity ?? NEAR)) nearest = { path: other, similarity: near };
  }
  return nearest && { ...nearest, similarity: Math.round(nearest.similarity * 1000) / 1000 };
}
