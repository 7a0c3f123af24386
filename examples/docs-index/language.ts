import model from "wink-eng-lite-web-model";
import winkNLP, { type Document } from "wink-nlp";

/**
 * A trained model of English: sentence boundaries, parts of speech, named entities, sentiment. It takes about 200 ms to load, so
 * it stands here, at the top of a module, where that happens once and not for every input.
 */
const nlp = winkNLP(model);
const { its } = nlp;

/** A name, a date, an amount: something that the model recognised, and as what. */
export interface Entity {
  value: string;
  type: string;
}

/** Parses a piece of text; the functions below read different things from what comes out. */
export function parse(text: string): Document {
  return nlp.readDoc(text);
}

export function sentences(document: Document): number {
  return document.sentences().length();
}

/** Dates, amounts, addresses and the like; emojis, which the model knows too, are left out. */
export function entities(document: Document): Entity[] {
  const all = document.entities().out(its.detail) as Entity[];
  return all.filter(({ type }) => !/^(EMOJI|EMOTICON)$/.test(type));
}

/** Nouns and names, in lower case. */
export function keywords(document: Document): string[] {
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
export function sentiment(document: Document): number {
  return document.out(its.sentiment) as number;
}
