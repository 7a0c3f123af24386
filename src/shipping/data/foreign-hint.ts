import type { PackOptions } from "./format.ts";

/**
 * The options for packing the data of one stage, with a hint for each class that loses something on the way: given once, for the first
 * instance that is met.
 */
export function packingWithHints(shared: boolean, root: string, hint: (text: string) => void): PackOptions {
  const told = new Set<string>();
  return {
    shared,
    root,
    onForeign(className, path) {
      if (told.has(className)) return;
      told.add(className);
      hint(
        `${path} is an instance of ${className}, and arrives as a plain object, without methods and private fields. registerClass(${className}), called in the module of the class, keeps it whole.`,
      );
    },
  };
}
