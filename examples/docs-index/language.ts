import { RunnableLambda, RunnableParallel, RunnablePassthrough, resource } from "runlane";
import type { Document, ItsHelpers } from "wink-nlp";
import type { SplitDocument } from "./document.ts";

/**
 * A trained model of English: sentence boundaries, parts of speech, named entities, sentiment. It takes about 200 ms to load. As a
 * resource it is loaded once per worker, when the first step needs it, and not for every input.
 */
const english = resource("english", async () => {
  const [wink, model] = await Promise.all([import("wink-nlp"), import("wink-eng-lite-web-model")]);
  return wink.default(model.default);
});

/** A name, a date, an amount: something that the model recognised, and as what. */
export interface Entity {
  value: string;
  type: string;
}

/** A piece of text as the model sees it, and the names of what can be read from it. */
interface Parsed {
  document: Document;
  its: ItsHelpers;
}

// What a step uses besides its input is declared under `uses`; of a resource, the function finds the loaded value.
const parse = RunnableLambda.from(
  (text: string, { uses }): Parsed => ({ document: uses.english.readDoc(text), its: uses.english.its }),
  { uses: { english }, name: "parse" },
);

function sentences({ document }: Parsed): number {
  return document.sentences().length();
}

/** Dates, amounts, addresses and the like; emojis, which the model knows too, are left out. */
function entities({ document, its }: Parsed): Entity[] {
  const all = document.entities().out(its.detail) as Entity[];
  return all.filter(({ type }) => !/^(EMOJI|EMOTICON)$/.test(type));
}

/** Nouns and names, in lower case. */
function keywords({ document, its }: Parsed): string[] {
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
function sentiment({ document, its }: Parsed): number {
  return document.out(its.sentiment) as number;
}

function chunks({ chunks }: SplitDocument): string[] {
  return chunks;
}

// A chunk is parsed once; then four functions look at the result side by side.
const annotateChunk = parse.pipe(RunnableParallel.from({ sentences, entities, keywords, sentiment }));

/**
 * Adds what the model finds in each chunk. `assign` keeps what comes in and adds a key; `map` makes a step for arrays of a step for
 * elements.
 */
export const annotate = RunnablePassthrough.assign({
  annotations: RunnableLambda.from(chunks).pipe(annotateChunk.map().withConfig({ runName: "annotate chunks" })),
});
