/** Answers questions from a small archive: retrieval, a prompt, a model and a parser, with the sources kept beside the answer. */
import { type Document, Document as StoredDocument } from "@langchain/core/documents";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { BaseRetriever } from "@langchain/core/retrievers";
import { RunnableMap, RunnablePassthrough, RunnableSequence } from "@langchain/core/runnables";
import { FakeStreamingChatModel } from "@langchain/core/utils/testing";

const archive = [
  "Mint: plant it in a pot, or it takes over the bed.",
  "Fennel: keep it away from dill, the two cross.",
  "Sage: cut it back in April, never in autumn.",
].map((pageContent, index) => new StoredDocument({ pageContent, metadata: { card: index + 1 } }));

class CardIndex extends BaseRetriever {
  override lc_namespace = ["garden", "retrievers"];

  override async _getRelevantDocuments(question: string): Promise<Document[]> {
    const words = question.toLowerCase().match(/[a-z]+/g) ?? [];
    return archive.filter(({ pageContent }) => words.some((word) => pageContent.toLowerCase().includes(word)));
  }
}

const listCards = (cards: Document[]): string => cards.map(({ pageContent }) => `- ${pageContent}`).join("\n");
const prompt = ChatPromptTemplate.fromMessages([
  ["system", "Answer from these cards only:\n{cards}"],
  ["human", "{question}"],
]);
// The fake model repeats what it was asked, so that the whole prompt shows in the answer.
const model = new FakeStreamingChatModel({});

const answer = RunnableSequence.from([
  { cards: new CardIndex().pipe(listCards), question: new RunnablePassthrough<string>() },
  prompt,
  model,
  new StringOutputParser(),
]);

const withSources = RunnableMap.from({ cards: new CardIndex(), question: new RunnablePassthrough<string>() }).assign({
  answer: RunnableSequence.from([
    (given: { cards: Document[]; question: string }) => ({ ...given, cards: listCards(given.cards) }),
    prompt,
    model,
    new StringOutputParser(),
  ]),
});

console.log(await answer.invoke("when is sage cut?"));

const pieces: string[] = [];
for await (const piece of await answer.stream("fennel")) pieces.push(piece);
console.log(pieces.length > 1, pieces.join(""));

const full = await withSources.invoke("mint");
console.log(Object.keys(full), full.cards.length, full.cards[0]?.metadata);

const keysInOrder: string[] = [];
for await (const chunk of await withSources.stream("mint")) {
  for (const key of Object.keys(chunk)) if (!keysInOrder.includes(key)) keysInOrder.push(key);
}
console.log(keysInOrder.sort());
console.log(await withSources.pick("answer").invoke("sage"));
