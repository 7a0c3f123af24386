import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** Builds the model of the docs-index example. */
export function loadModel() {
  // The model cannot be built again and again: a text in it doubles each time. It is built of the same data, by code loaded afresh.
  for (const path of Object.keys(require.cache))
    if (/wink-eng-lite-web-model.*\.js$/.test(path)) delete require.cache[path];
  return require("wink-nlp")(require("wink-eng-lite-web-model"));
}

/** The mistake: each call builds the model. */
export function countWithItsOwnModel(text) {
  return loadModel().readDoc(text).tokens().length();
}
