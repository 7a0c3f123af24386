import { runlaneError } from "./errors/errors.ts";

/**
 * The outcome of importing a package that Runlane works without until something needs it:
 * `import("lru-cache").catch(missingPackage("withCache", "lru-cache"))`. The `catch` stands right behind the import: by that, bundlers
 * know that the package may be missing, and do not fail where it is.
 *
 * @param where The feature that needs the package, for the error message.
 * @param name The name of the package for `npm install`.
 * @returns A function that throws RUNLANE_MISSING_PACKAGE.
 */
export function missingPackage(where: string, name: string): (cause: unknown) => never {
  return (cause) => {
    throw runlaneError("RUNLANE_MISSING_PACKAGE", { where, package: name }, { cause });
  };
}

/** The same where the package can be done without: there is nothing then. */
export function nothing(): undefined {}
