/**
 * An index of documentation: Markdown files in, one record per file out, with title, keywords, named entities and sentiment.
 *
 *     runlane batch examples/docs-index/pipeline.ts --files "node_modules/**\/*.md" --output out/docs-index.jsonl
 */
import { RecursiveCharacterTextSplitter } from "@langchain/textsplitters";
import { RunnableLambda, RunnableParallel } from "runlane";
import { load, type MarkdownDocument } from "./document.ts";
import { entities, keywords, parse, sentences, sentiment } from "./language.ts";
import { summarize } from "./summarize.ts";

const splitter = RecursiveCharacterTextSplitter.fromLanguage("markdown", { chunkSize: 2000, chunkOverlap: 0 });

// A step is a function. LangChain's splitter is one, too, once it is wrapped in an arrow.
const split = RunnableLambda.from(({ text }: MarkdownDocument) => splitter.splitText(text), { name: "split" });

// Every chunk is parsed once; then four functions look at the result.
const annotate = RunnableLambda.from(parse).pipe(RunnableParallel.from({ sentences, entities, keywords, sentiment }));

// `assign` adds a key to what comes in, and `map` runs a step for every element of an array: here, for every chunk.
export default RunnableLambda.from(load)
  .assign({ annotations: split.pipe(annotate.map()) })
  .pipe(summarize);
