// @ts-check
/**
 * Holds the order of the rooms of src/: who may import whom, and what a plain `import "runlane"` may load.
 * ARCHITECTURE.md says what each room is for. A new room is a line here.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { at, tally } from "./lib.mjs";

/**
 * @typedef {object} Room
 * @property {string} room A folder or a file in src/. A folder inside a room is one of its own where it has a line.
 * @property {boolean} [entry] Not part of a plain `import "runlane"`: `index.ts` does not import it, and it may import packages and
 *   Node's modules at once.
 * @property {boolean} [closed] No other room imports it.
 * @property {readonly string[]} [only] Imports from these rooms and no others.
 */

/**
 * From the top to the bottom. A room imports from itself and from those below it.
 * @type {readonly Room[]}
 */
export const ROOMS = [
  { room: "index.ts" },
  { room: "cli", entry: true },
  { room: "serve", entry: true },
  { room: "inspect/server", entry: true, closed: true },
  { room: "inspect", entry: true },
  { room: "adapters", entry: true },
  { room: "testing", entry: true, closed: true },
  { room: "lane-kit", entry: true, closed: true },
  { room: "bundler", entry: true, closed: true },
  { room: "cluster", entry: true },
  { room: "lanes/worker", entry: true, closed: true },
  { room: "diagnose/watcher", entry: true, closed: true },
  { room: "diagnose", entry: true },
  { room: "runnables" },
  { room: "graph", only: ["core"] },
  { room: "plan" },
  { room: "lanes" },
  { room: "shipping" },
  { room: "shipping/functions/parse.ts", entry: true },
  { room: "batching" },
  { room: "resources" },
  { room: "observe" },
  { room: "core" },
];

/** At the start of a line, as the formatter writes them: what is imported or exported from where, and whether as a type. */
const STATIC = /^(?:import|export)\s+(type\s)?(?:[^"'`;=(]*?\sfrom\s+)?"([^"]+)"/gm;
const LAZY = /\bimport\("([^"]+)"\)/g;
const COMMENTS = /^[ \t]*(?:\/\*[\s\S]*?\*\/|\/\/.*)/gm;

/**
 * The imports of a source text, with the lines they end on.
 * @param {string} text
 */
export function importsOf(text) {
  const code = text.replace(COMMENTS, (comment) => comment.replace(/[^\n]/g, " "));
  const lineOf = (/** @type {RegExpExecArray} */ { index, 0: all }) =>
    code.slice(0, index + all.length).split("\n").length;
  const eager = [...code.matchAll(STATIC)].map((found) => {
    const [, type, specifier = ""] = found;
    return { specifier, line: lineOf(found), kind: type === undefined ? "value" : "type" };
  });
  const lazy = [...code.matchAll(LAZY)].map((found) => {
    return { specifier: found[1] ?? "", line: lineOf(found), kind: "lazy" };
  });
  return [...eager, ...lazy];
}

/**
 * What is wrong with the imports of one file.
 * @param {string} file Its path in src/, with forward slashes.
 * @param {string} text
 * @param {readonly Room[]} [rooms]
 * @returns {string[]} `line: what is wrong`, per import.
 */
export function violations(file, text, rooms = ROOMS) {
  const from = roomOf(file, rooms);
  if (from === undefined) return ["1: this room has no line in scripts/layers.mjs"];
  return importsOf(text).flatMap(({ specifier, line, kind }) => {
    const problem = specifier.startsWith(".")
      ? towards(from, join(dirname(file), specifier).replaceAll("\\", "/"), rooms)
      : outside(from, specifier, kind);
    return problem === undefined ? [] : [`${line}: ${problem}`];
  });
}

/** What is wrong with an import of another file, if something is. @returns {string | undefined} */
function towards(/** @type {Room} */ from, /** @type {string} */ target, /** @type {readonly Room[]} */ rooms) {
  if (target.endsWith("index.ts")) return `nobody imports ${target}: import the file that has the thing`;
  const to = roomOf(target, rooms);
  if (to === undefined) return `${target} is in no room that scripts/layers.mjs names`;
  if (to === from) return undefined;
  if (to.closed) return `no other room imports ${to.room}`;
  if (from.only !== undefined && !from.only.includes(to.room))
    return `${from.room} imports from ${from.only.join(", ")} and no other room, not from ${to.room}`;
  if (rooms.indexOf(to) < rooms.indexOf(from)) return `imports go downwards, and ${to.room} is above ${from.room}`;
  if (from.room === "index.ts" && to.entry) return `${to.room} is an entry of its own, which "runlane" must not load`;
  return undefined;
}

/** What is wrong with an import of a package or of a module of Node, if something is. @returns {string | undefined} */
function outside(/** @type {Room} */ from, /** @type {string} */ specifier, /** @type {string} */ kind) {
  if (/^runlane(\/|$)/.test(specifier)) return "the package does not import itself: import the file that has the thing";
  if (from.entry || kind === "lazy" || (kind === "type" && specifier.startsWith("node:"))) return undefined;
  return `"${specifier}" would be loaded by a plain import of "runlane", which loads nothing but itself: use \`await import(...)\``;
}

/** The room of a file: the longest name that its path begins with. */
function roomOf(/** @type {string} */ file, /** @type {readonly Room[]} */ rooms) {
  const found = rooms.filter(({ room }) => file === room || file.startsWith(`${room}/`));
  return found.sort((a, b) => b.room.length - a.room.length)[0];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const sources = readdirSync(at("src"), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(at("src"), join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
  const empty = ROOMS.filter(({ room }) => !sources.some((file) => file === room || file.startsWith(`${room}/`)));
  let failed = empty.length;
  for (const { room } of empty) console.log(`scripts/layers.mjs: there is no src/${room}`);
  for (const file of sources) {
    const wrong = violations(file, readFileSync(at("src", file), "utf8"));
    for (const problem of wrong) console.log(`src/${file}:${problem}`);
    if (wrong.length > 0) failed++;
  }
  console.log(tally(sources.length + empty.length - failed, failed));
  process.exitCode = failed > 0 ? 1 : 0;
}
