import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { typeScriptLoaders as loadersOf } from "../../shipping/functions/typescript.ts";
import { CliError } from "../cli-error.ts";
import { displayName } from "../paths.ts";

export { isTypeScript } from "../../shipping/functions/typescript.ts";

/**
 * Makes TypeScript modules loadable: Node 22.18 and newer strip types themselves, older ones load them through tsx.
 *
 * @throws CliError RUNLANE_CLI_PIPELINE when Node cannot and tsx is not installed.
 */
export async function prepareTypeScript(file: string, lookFrom?: string[]): Promise<void> {
  useTsConfigOf(file);
  for (const loader of typeScriptLoaders(file, lookFrom)) (await import(loader)).register();
}

/** Lets tsx, here and in workers, take the nearest tsconfig.json above a file: it would take that of the working folder. */
export function useTsConfigOf(file: string): void {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const config = join(folder, "tsconfig.json");
    if (existsSync(config)) {
      process.env.TSX_TSCONFIG_PATH ??= config;
      return;
    }
    if (dirname(folder) === folder) return;
  }
}

/**
 * The modules whose `register()` does that.
 *
 * @param lookFrom The files from whose places tsx is looked for: the pipeline's project first, then this package.
 * @throws CliError RUNLANE_CLI_PIPELINE
 */
export function typeScriptLoaders(file: string, lookFrom = [file, import.meta.filename]): string[] {
  const loaders = loadersOf(lookFrom);
  if (loaders !== undefined) return loaders;
  const message = `Node ${process.versions.node} cannot load ${displayName(file)} by itself; run npm install --save-dev tsx, or use Node 22.18 or newer`;
  throw new CliError("RUNLANE_CLI_PIPELINE", message);
}
