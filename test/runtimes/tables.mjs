// @ts-check
/** The tables in docs/ that say what runs where, made of what the last run has seen. */
import { existsSync, readFileSync } from "node:fs";
import { at } from "../../scripts/lib.mjs";

/** @typedef {Record<string, Record<string, string>>} Seen The cells, by the runtime or the bundler, and by what was tried. */
/** @typedef {{ runtimes: Seen, bundlers: Seen, loaders: Seen }} Results */

export const RESULTS = "test/runtimes/results.json";
export const DOCUMENTS = ["docs/runtimes.md", "docs/bundlers.md", "docs/typescript.md"];
const PLACE = /(<!-- seen: ([^>]*) -->)[\s\S]*?(<!-- \/seen -->)/g;

/** What was tried that is no yes or no: how many times longer LangChain takes. */
export const SPEED = "speed";

/** @returns {Results} */
export function storedResults() {
  return existsSync(at(RESULTS))
    ? JSON.parse(readFileSync(at(RESULTS), "utf8"))
    : { runtimes: {}, bundlers: {}, loaders: {} };
}

/** A document with the tables in their places. @param {string} text @param {Results} results */
export function filled(text, results) {
  return text.replace(PLACE, (_, opening, what, closing) => `${opening}\n${table(what, results)}\n${closing}`);
}

/** @param {string} what @param {Results} results */
function table(what, results) {
  if (what === "speed")
    return rows(
      ["runtime", "LangChain.js takes so many times longer"],
      Object.entries(results.runtimes).flatMap(([name, cells]) =>
        cells[SPEED] === undefined ? [] : [[name, cells[SPEED]]],
      ),
    );
  const seen = results[/** @type {keyof Results} */ (what)] ?? {};
  const tried = [...new Set(Object.values(seen).flatMap((cells) => Object.keys(cells)))].filter(
    (name) => name !== SPEED,
  );
  const names = Object.keys(seen);
  // What there is more of goes down.
  return names.length > tried.length
    ? rows(
        ["", ...tried],
        names.map((name) => [name, ...tried.map((one) => seen[name]?.[one] ?? "")]),
      )
    : rows(
        ["", ...names],
        tried.map((one) => [one, ...names.map((name) => seen[name]?.[one] ?? "")]),
      );
}

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} body */
function rows(head, body) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.map(shown).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n");
}

/** Errors are shown as code, and lead to their explanation. @param {string} cell */
function shown(cell) {
  return cell.replace(/RUNLANE_\w+/, (code) => `[${code}](errors.md#${code.toLowerCase()})`).replaceAll("|", "\\|");
}
