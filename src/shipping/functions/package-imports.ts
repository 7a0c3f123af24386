import { builtinModule } from "../../core/platform.ts";
import { startOf } from "./closure.ts";

/** The file of a function, from which its packages are looked for, and its place there. */
export interface ImportBase {
  /** The URL of the file. */
  readonly url: string;
  /** The line on which the function starts, counted from 1. */
  readonly line: number;
}

/** Whether an import names a package, or an import of its own package (`#config`): what it means depends on the importing file. */
export function namesPackage(specifier: string): boolean {
  return /^[@#\w][^:]*$/.test(specifier);
}

/**
 * Finds the file from which the packages that a function imports are looked for.
 *
 * @returns undefined when nobody can tell, or a package is not to be found from there
 */
export function importBase(func: object, packages: readonly string[]): ImportBase | undefined {
  const start = startOf(func);
  if (start === undefined || !start.url.startsWith("file:")) return undefined;
  const require = builtinModule("node:module")!.createRequire(start.url);
  for (const name of packages) {
    try {
      require.resolve(name);
    } catch (error) {
      // A package for `import` alone: `require` finds it and refuses it.
      if ((error as { code?: unknown }).code === "MODULE_NOT_FOUND") return undefined;
    }
  }
  return { url: start.url, line: start.line };
}

const LOADER_WARNING = /USE_MAIN_CONTEXT_DEFAULT_LOADER/;
let isWarningHidden = false;

/** Evaluates an expression as if it stood in a file: `import()` finds there what it would find in that file. */
export function evaluateIn({ url, line }: ImportBase, expression: string): unknown {
  const { constants, runInThisContext } = builtinModule("node:vm")!;
  hideLoaderWarning();
  return runInThisContext(expression, {
    filename: url,
    lineOffset: line - 1,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
}

/** Hides the warning that Node gives of the one way to do this, once in each thread. The choice is ours, not the user's. */
function hideLoaderWarning(): void {
  if (isWarningHidden) return;
  isWarningHidden = true;
  const { emitWarning } = process;
  process.emitWarning = ((warning: unknown, ...rest: []) => {
    if (!LOADER_WARNING.test(String(warning))) emitWarning.call(process, warning as string, ...rest);
  }) as typeof process.emitWarning;
}
