/**
 * Answers questions from documentation: looks passages up by what they mean, and gives them to a chat model with the question.
 *
 *     npx runlane serve examples/serve/pipeline.ts --warm
 */
import type { Document } from "@langchain/core/documents";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda, RunnablePassthrough } from "runlane";
import { z } from "zod";
import { chatModel } from "./chat-model.ts";
import { library } from "./library.ts";

/** What agents are told: with it, and with a schema, the pipeline is a tool. */
export const description =
  "Answers a question about Runlane, or about other installed packages, from their documentation.";

interface Asked {
  question: string;
}

/** The passages that are nearest to a question. The config goes along, so that whoever traces sees the retriever. */
const context = RunnableLambda.from(
  async ({ question }: Asked, { uses, ...config }) => {
    const passages: Document[] = await uses.library.asRetriever(4).invoke(question, config);
    return passages.map(({ pageContent, metadata }) => `${metadata.title}: ${pageContent}`).join("\n\n");
  },
  { uses: { library }, name: "context" },
);

const prompt = ChatPromptTemplate.fromMessages<Asked & { context: string }>([
  ["system", "Answer from these passages of the documentation, and from nothing else.\n\n{context}"],
  ["human", "{question}"],
]);

/** A function that returns a runnable stands for it: here the model, once it is loaded. */
const model = RunnableLambda.from((_prompt: unknown, { uses }) => uses.chatModel.model, {
  uses: { chatModel },
  name: "model",
});

export default RunnablePassthrough.assign({ context })
  .pipe(prompt)
  .pipe(model)
  .pipe(new StringOutputParser())
  .withConfig({ runName: "answer" })
  .withTypes({ input: z.object({ question: z.string().describe("The question, in English.") }) });
