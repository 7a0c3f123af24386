/**
 * An index of documentation: Markdown files in, one record per file out, with title, keywords, named entities, sentiment, and its passages
 * with what they mean, as vectors.
 *
 *     runlane batch examples/docs-index/pipeline.ts --files "node_modules/*\/README.md" --output out/docs-index.jsonl
 */
import { RecursiveCharacterTextSplitter } from "@langchain/textsplitters";
import { RunnableLambda, RunnablePassthrough } from "runlane";
import { load, type MarkdownDocument } from "./document.ts";
import { vectors } from "./embed.ts";
import { summarize } from "./summarize.ts";

const splitter = RecursiveCharacterTextSplitter.fromLanguage("markdown", { chunkSize: 2000, chunkOverlap: 0 });

// A function is a step. `assign` keeps what comes in and adds a key that a step makes of it: here LangChain's splitter.
const split = RunnablePassthrough.assign({ chunks: ({ prose }: MarkdownDocument) => splitter.splitText(prose) });

// What computes for long runs in worker threads, and the event loop stays free. Each worker imports the module, and loads the model
// that it declares, once.
const annotate = RunnableLambda.fromModule<typeof import("./language.ts"), "annotate">(
  new URL("./language.ts", import.meta.url),
  "annotate",
  { name: "annotate", lane: "thread" },
);

// Steps are joined with `pipe`, and named with `runName`, as in LangChain.
export default RunnableLambda.from(load)
  .pipe(split.withConfig({ runName: "split" }))
  .pipe(annotate)
  .pipe(RunnablePassthrough.assign({ vectors }))
  .pipe(summarize);
