/**
 * An index of documentation: Markdown files in, one record per file out, with title, keywords, named entities and sentiment.
 *
 *     runlane batch examples/docs-index/pipeline.ts --files "node_modules/**\/*.md" --output out/docs-index.jsonl
 */
import { RecursiveCharacterTextSplitter } from "@langchain/textsplitters";
import { RunnableLambda, RunnableParallel, RunnablePassthrough } from "runlane";
import { load, type MarkdownDocument } from "./document.ts";
import { entities, keywords, parse, sentences, sentiment } from "./language.ts";
import { summarize } from "./summarize.ts";

type SplitDocument = MarkdownDocument & { chunks: string[] };

const splitter = RecursiveCharacterTextSplitter.fromLanguage("markdown", { chunkSize: 2000, chunkOverlap: 0 });

// A function is a step. `assign` keeps what comes in and adds a key that a step makes of it: here LangChain's splitter.
const split = RunnablePassthrough.assign({ chunks: ({ prose }: MarkdownDocument) => splitter.splitText(prose) });

// Steps are joined with `pipe`. A chunk is parsed once; then four functions look at the result side by side.
const annotateChunk = RunnableLambda.from(parse).pipe(
  RunnableParallel.from({ sentences, entities, keywords, sentiment }),
);

// `map` makes a step for arrays of a step for elements. Runs are named with `runName`, as in LangChain.
const annotate = RunnablePassthrough.assign({
  annotations: RunnableLambda.from(({ chunks }: SplitDocument) => chunks).pipe(annotateChunk.map()),
});

export default RunnableLambda.from(load)
  .pipe(split.withConfig({ runName: "split" }))
  .pipe(annotate.withConfig({ runName: "annotate" }))
  .pipe(summarize);
