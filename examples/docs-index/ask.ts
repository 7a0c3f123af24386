/**
 * Answers a question with the nearest passages of the index.
 *
 *     npm run ask -- "how do I limit concurrency?"
 */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { RunnableLambda } from "runlane";
import { encode } from "./embed.ts";
import type { IndexEntry } from "./summarize.ts";
import { similarity, unpack } from "./vectors.ts";

/** A passage of the index, and how near it is to what was asked. */
interface Answer {
  title: string;
  path: string;
  text: string;
  similarity: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { index: { type: "string", default: "out/docs-index.jsonl" }, count: { type: "string", default: "3" } },
});
const question = positionals.join(" ").trim();
if (question === "") {
  console.error('Ask something: npm run ask -- "how do I limit concurrency?"');
  process.exit(2);
}

/** The records of the index, those of documents that are nearly copies of others left out. */
async function entries(): Promise<IndexEntry[]> {
  const lines = (await readFile(values.index, "utf8")).split("\n").filter(Boolean);
  const outputs = lines.map((line) => (JSON.parse(line) as { output: IndexEntry }).output);
  return outputs.filter(({ duplicateOf }) => duplicateOf === null);
}

async function nearest(asked: Float32Array): Promise<Answer[]> {
  const answers = (await entries()).flatMap(({ title, path, passages }) =>
    passages.map(({ text, vector }) => ({ title, path, text, similarity: similarity(asked, unpack(vector)) })),
  );
  return answers.sort((a, b) => b.similarity - a.similarity).slice(0, Number(values.count));
}

// The step that made the vectors of the passages makes that of the question.
for (const { title, path, text, similarity } of await encode.pipe(RunnableLambda.from(nearest)).invoke(question))
  console.log(`${similarity.toFixed(2)}  ${title} (${path})\n${text.slice(0, 400).replace(/^/gm, "      ")}\n`);
