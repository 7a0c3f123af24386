import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { MemoryVectorStore } from "@langchain/classic/vectorstores/memory";
import { Document } from "@langchain/core/documents";
import { Embeddings } from "@langchain/core/embeddings";
import { RecursiveCharacterTextSplitter } from "@langchain/textsplitters";
import { resource } from "runlane";
import { glob } from "tinyglobby";
import { load } from "../docs-index/document.ts";
import { encode } from "../docs-index/embed.ts";
import type { IndexEntry } from "../docs-index/summarize.ts";
import { unpack } from "../docs-index/vectors.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** What `npm start` leaves behind. */
const INDEX = `${ROOT}out/docs-index.jsonl`;

/** The step of examples/docs-index that makes vectors of texts, as LangChain's vector stores want it: in threads, texts that come together in one call. */
class StepEmbeddings extends Embeddings {
  constructor() {
    super({});
  }

  override async embedQuery(text: string): Promise<number[]> {
    return Array.from(await encode.invoke(text));
  }

  override async embedDocuments(texts: string[]): Promise<number[][]> {
    return (await encode.batch(texts)).map((vector) => Array.from(vector));
  }
}

/**
 * Passages that can be looked up by what they mean, in LangChain's own vector store: those of the index that `npm start` makes of all
 * installed packages; without it, those of Runlane's own guide. A resource: the first question waits for it, or `--warm` loads it before.
 */
export const library = resource("library", async () => {
  const store = new MemoryVectorStore(new StepEmbeddings());
  if (existsSync(INDEX)) await addIndex(store);
  else await store.addDocuments(await guide());
  return store;
});

async function addIndex(store: MemoryVectorStore): Promise<void> {
  const lines = (await readFile(INDEX, "utf8")).split("\n").filter(Boolean);
  for (const line of lines) {
    const { title, path, passages, duplicateOf } = (JSON.parse(line) as { output: IndexEntry }).output;
    if (duplicateOf !== null) continue;
    const vectors = passages.map(({ vector }) => Array.from(unpack(vector)));
    await store.addVectors(
      vectors,
      passages.map(({ text }) => new Document({ pageContent: text, metadata: { title, path } })),
    );
  }
}

/** The passages of Runlane's guide. */
async function guide(): Promise<Document[]> {
  const splitter = RecursiveCharacterTextSplitter.fromLanguage("markdown", { chunkSize: 800, chunkOverlap: 0 });
  const paths = await glob("docs/*.md", { cwd: ROOT, absolute: true });
  const documents = await loadAll(paths.sort());
  return splitter.splitDocuments(documents);
}

function loadAll(paths: readonly string[]): Promise<Document[]> {
  return Promise.all(
    paths.map(async (path) => {
      const { title, prose } = await load(path);
      return new Document({ pageContent: prose, metadata: { title, path: path.slice(ROOT.length) } });
    }),
  );
}
