// @ts-check
/** Runs the compiled programs of a folder one after the other and writes what each printed to a file, as JSON. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

/** They install the storage through which configs are inherited, and it stays: the others shall run without it. */
const LAST = ["custom-events.js", "langgraph.js"];

const [folder = "", output = ""] = process.argv.slice(2);
const programs = readdirSync(folder).filter((file) => file.endsWith(".js"));
/** @type {Record<string, string[]>} */
const printed = {};
for (const file of [...programs.filter((file) => !LAST.includes(file)), ...LAST]) {
  /** @type {string[]} */
  const lines = [];
  console.log = (...values) => void lines.push(...format(...values).split("\n"));
  try {
    await import(pathToFileURL(join(folder, file)).href);
  } catch (error) {
    lines.push(`threw ${error instanceof Error ? (error.stack ?? error.message) : error}`);
  }
  printed[file.replace(".js", "")] = lines;
}
writeFileSync(output, JSON.stringify(printed));
