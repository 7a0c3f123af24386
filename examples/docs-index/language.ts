import { RunnableLambda, RunnableParallel, RunnablePassthrough } from "runlane";
import model from "wink-eng-lite-web-model";
import winkNLP, { type Document } from "wink-nlp";
import type { SplitDocument } from "./document.ts";

/**
 * A trained model of English: sentence boundaries, parts of speech, named entities, sentiment. It takes about 200 ms to load, so
 * it stands here, at the top of a module, where that happens once per worker and not for every input.
 */
const nlp = winkNLP(model);
const { its } = nlp;

/** A name, a date, an amount: something that the model recognised, and as what. */
export interface Entity {
  value: string;
  type: string;
}

/** Parses a piece of text; the functions below read different things from what comes out. */
function parse(text: string): Document {
  return nlp.readDoc(text);
}

function sentences(document: Document): number {
  return document.sentences().length();
}

/** Dates, amounts, addresses and the like; emojis, which the model knows too, are left out. */
function entities(document: Document): Entity[] {
  const all = document.entities().out(its.detail) as Entity[];
  return all.filter(({ type }) => !/^(EMOJI|EMOTICON)$/.test(type));
}

/** Nouns and names, in lower case. */
function keywords(document: Document): string[] {
  return document
    .tokens()
    .filter(
      (token) =>
        /^(NOUN|PROPN)$/.test(token.out(its.pos)) &&
        !token.out(its.stopWordFlag) &&
        /^[\p{L}-]{3,}$/u.test(token.out()),
    )
    .out(its.normal) as string[];
}

/** From -1 (bad) to 1 (good). */
function sentiment(document: Document): number {
  return document.out(its.sentiment) as number;
}

// A chunk is parsed once; then four functions look at the result side by side.
const annotateChunk = RunnableLambda.from(parse).pipe(
  RunnableParallel.from({ sentences, entities, keywords, sentiment }),
);

/**
 * Adds what the model finds in each chunk. `assign` keeps what comes in and adds a key; `map` makes a step for arrays of a step for
 * elements.
 */
export const annotate = RunnablePassthrough.assign({
  annotations: RunnableLambda.from(({ chunks }: SplitDocument) => chunks).pipe(annotateChunk.map()),
});
