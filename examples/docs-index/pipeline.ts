/**
 * An index of documentation: Markdown files in, one record per file out, with title, keywords, named entities and sentiment.
 *
 *     runlane batch examples/docs-index/pipeline.ts --files "node_modules/**\/*.md" --output out/docs-index.jsonl
 */
import { RecursiveCharacterTextSplitter } from "@langchain/textsplitters";
import { RunnableLambda, RunnablePassthrough } from "runlane";
import { load, type MarkdownDocument } from "./document.ts";
import { summarize } from "./summarize.ts";

type SplitDocument = MarkdownDocument & { chunks: string[] };

const splitter = RecursiveCharacterTextSplitter.fromLanguage("markdown", { chunkSize: 2000, chunkOverlap: 0 });

// A function is a step. `assign` keeps what comes in and adds a key that a step makes of it: here LangChain's splitter.
const split = RunnablePassthrough.assign({ chunks: ({ prose }: MarkdownDocument) => splitter.splitText(prose) });

// What computes for long runs in worker threads, so that the event loop stays free. Each of them imports the module, with the model
// at its top, once.
const annotateChunk = RunnableLambda.fromModule<typeof import("./language.ts"), "annotateChunk">(
  new URL("./language.ts", import.meta.url),
  "annotateChunk",
  { lane: "thread" },
);

// `map` makes a step for arrays of a step for elements. Runs are named with `runName`, as in LangChain.
const annotate = RunnablePassthrough.assign({
  annotations: RunnableLambda.from(({ chunks }: SplitDocument) => chunks).pipe(annotateChunk.map()),
});

// Steps are joined with `pipe`.
export default RunnableLambda.from(load)
  .pipe(split.withConfig({ runName: "split" }))
  .pipe(annotate.withConfig({ runName: "annotate" }))
  .pipe(summarize);
