import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { CliError } from "../cli-error.ts";
import { displayName } from "./display-name.ts";

/** Whether Node needs help to load a file, on some versions. */
export function isTypeScript(file: string): boolean {
  return /\.[mc]?tsx?$/i.test(file);
}

/**
 * Makes TypeScript modules loadable: Node 22.18 and newer strip types themselves, older ones load them through tsx.
 *
 * @param lookFrom The files from whose places tsx is looked for: the pipeline's project first, then this package.
 * @throws CliError RUNLANE_CLI_PIPELINE when Node cannot and tsx is not installed.
 */
export async function prepareTypeScript(file: string, lookFrom = [file, import.meta.filename]): Promise<void> {
  if ((process.features as { typescript?: unknown }).typescript) return;
  const folder = findTsx(lookFrom);
  if (folder === undefined) {
    const message = `Node ${process.versions.node} cannot load ${displayName(file)} by itself; run npm install --save-dev tsx, or use Node 22.18 or newer`;
    throw new CliError("RUNLANE_CLI_PIPELINE", message);
  }
  // A module is loaded by one loader or the other, as the "type" of its package.json says, so both have to know TypeScript.
  for (const loader of ["./cjs/api", "./esm/api"]) {
    const { register } = await import(pathToFileURL(join(folder, entryOf(folder, loader))).href);
    register();
  }
}

/** The folder of the first tsx that is found. */
function findTsx(from: readonly string[]): string | undefined {
  for (const file of from) {
    try {
      return dirname(createRequire(file).resolve("tsx/package.json"));
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}

/** `require.resolve` gives the CommonJS build of an entry, and only the ES build can register hooks from an ES module. */
function entryOf(folder: string, entry: string): string {
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return exports[entry].import.default;
}
