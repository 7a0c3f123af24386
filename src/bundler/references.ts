import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** A file that code names by its address, and that has to lie beside the bundle. */
export interface Reference {
  /** Where the expression that makes the address stands in the code. */
  readonly start: number;
  readonly end: number;
  readonly file: string;
  /** The entry of Runlane's workers, which is whole as it is. Others are modules of the user's. */
  readonly isWorker: boolean;
}

const OWN_WORKER = /new URL\(\s*"(\.\.\/worker\.mjs)"\s*,\s*import\.meta\.url\s*\)/g;
const USER_MODULE =
  /\.fromModule\s*(?:<[^()]*>\s*)?\(\s*(new URL\(\s*(["'])(\.{1,2}\/[^"']+)\2\s*,\s*import\.meta\.url\s*,?\s*\))/g;

/** The files that a module names: those of Runlane's workers, and the modules that are given to `RunnableLambda.fromModule`. */
export function referencesIn(code: string, module: string): Reference[] {
  const folder = dirname(module);
  if (!/fromModule|worker\.mjs/.test(code)) return [];
  const own = [...code.matchAll(OWN_WORKER)].map(({ index, 0: { length }, 1: path = "" }) => {
    return { start: index, end: index + length, file: resolve(folder, path), isWorker: true };
  });
  const modules = [...code.matchAll(USER_MODULE)].map(({ index, 0: call, 1: address = "", 3: path = "" }) => {
    const start = index + call.length - address.length;
    return { start, end: start + address.length, file: resolve(folder, path), isWorker: false };
  });
  // Texts may speak of such files, and other packages may have files of these names.
  return [...own, ...modules].filter(({ file, isWorker }) => existsSync(file) && (!isWorker || isOurs(file)));
}

/** Whether a file is that of this package. */
function isOurs(file: string): boolean {
  return ["worker.mjs", "bundler/index.js"].every((path) => existsSync(resolve(dirname(file), path)));
}

/** The code with other expressions in the places of some references. The lines stay what they are. */
export function replaced(
  code: string,
  references: readonly Reference[],
  expression: (one: Reference) => string,
): string {
  let text = "";
  let at = 0;
  for (const one of references) {
    const before = code.slice(one.start, one.end);
    text += code.slice(at, one.start) + expression(one) + "\n".repeat(before.split("\n").length - 1);
    at = one.end;
  }
  return text + code.slice(at);
}
