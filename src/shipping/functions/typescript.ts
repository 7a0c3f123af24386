import { builtin } from "../node-builtin.ts";

/** Whether a file is TypeScript, which some versions of Node need help to load. */
export function isTypeScript(file: string): boolean {
  return /\.[mc]?tsx?$/i.test(file);
}

/**
 * Makes TypeScript modules loadable in this thread: Node 22.18 and newer strip types themselves, older ones load them through tsx.
 *
 * @param lookFrom The files, by path or URL, from which tsx is looked for.
 * @returns Whether they are loadable: false when Node cannot load them and tsx is not installed.
 */
export async function prepareTypeScript(lookFrom: readonly string[]): Promise<boolean> {
  const loaders = typeScriptLoaders(lookFrom);
  for (const loader of loaders ?? []) (await import(loader)).register();
  return loaders !== undefined;
}

/**
 * The modules whose `register()` makes TypeScript loadable: none where Node strips types itself, those of tsx elsewhere.
 *
 * @param lookFrom The files, by path or URL, from which tsx is looked for.
 * @returns Their URLs; undefined where Node cannot load TypeScript and tsx is not installed.
 */
export function typeScriptLoaders(lookFrom: readonly string[]): string[] | undefined {
  if ((process.features as { typescript?: unknown }).typescript) return [];
  const folder = findTsx(lookFrom);
  if (folder === undefined) return undefined;
  // A module is loaded by one loader or the other, as the "type" of its package.json says, so both have to know TypeScript.
  return ["./cjs/api", "./esm/api"].map((loader) => new URL(entryOf(folder, loader), folder).href);
}

/** The URL of the folder of the first tsx that is found. */
function findTsx(from: readonly string[]): URL | undefined {
  const { createRequire } = builtin("node:module");
  for (const file of from) {
    try {
      return new URL(".", builtin("node:url").pathToFileURL(createRequire(file).resolve("tsx/package.json")));
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}

/** `require.resolve` gives the CommonJS build of an entry, and only the ES build can register hooks from an ES module. */
function entryOf(folder: URL, entry: string): string {
  const { exports } = JSON.parse(builtin("node:fs").readFileSync(new URL("package.json", folder), "utf8"));
  return exports[entry].import.default;
}
