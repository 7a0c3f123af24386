import { runlaneError } from "./errors/errors.ts";

/**
 * Loads a package that Runlane works without until something needs it.
 *
 * @param where The feature that needs the package, for the error message.
 * @param name The name of the package for `npm install`.
 * @throws RUNLANE_MISSING_PACKAGE
 */
export async function optionalPackage<T>(load: () => Promise<T>, where: string, name: string): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw runlaneError("RUNLANE_MISSING_PACKAGE", { where, package: name }, { cause });
  }
}
