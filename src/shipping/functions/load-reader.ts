import { missingPackage } from "../../core/optional-package.ts";
import { ask, builtinModule } from "../../core/platform.ts";
import { StillLoading } from "../../core/still-loading.ts";

type Reader = typeof import("./reader.ts");

let loaded: Reader | undefined;
let loading: Promise<void> | undefined;

const load = () => import("./reader.ts");

/**
 * What reads functions. It is loaded here and nowhere else, when the first function is to be shipped: about 15 ms.
 *
 * @throws StillLoading where it cannot be loaded at once
 */
export function reader(): Reader {
  loaded ??= readerNow();
  if (loaded !== undefined) return loaded;
  loading ??= load().then(
    (module) => {
      loaded = module;
    },
    missingPackage("Shipping a function", "acorn"),
  );
  throw new StillLoading(loading);
}

/**
 * Loads it at once, where a module can be: so that `withLane` itself can refuse a function, and not the first call. The source of `load`
 * says which file that is. A bundler may have moved it, renamed it, or put it where this one is: then there is none.
 */
function readerNow(): Reader | undefined {
  const [, file] = /\bimport\(["'`](\.[^"'`]+)["'`]\)/.exec(String(load)) ?? [];
  if (file === undefined) return undefined;
  return ask(() => builtinModule("node:module")?.createRequire(import.meta.url)(file), undefined);
}
