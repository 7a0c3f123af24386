/** Names that tools write into the functions they rewrite, and what to tell about them. */
const REWRITTEN: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [
    /^__(?:vite_ssr|vi)_(?:import|export|dynamic)/,
    "was rewritten by Vite or Vitest, whose names for imports mean nothing elsewhere; keep it in a module of its own, which Vitest loads untouched when `test.server.deps.external` matches it",
  ],
  [
    /__WEBPACK_|^__(?:webpack|turbopack)_|^_interop_?[rR]equire/,
    "was rewritten by a bundler, whose names for imports mean nothing elsewhere",
  ],
  [
    /^(?:cov_[a-z0-9]+|__coverage__|__cov_.*|stryMutAct_.*|stryCov_.*)$/,
    "counts its own coverage, in counters that are not in its source; use v8 coverage, which leaves functions as they are",
  ],
  [
    /^(?:tslib_\d+|regeneratorRuntime|_regenerator.*|__(?:awaiter|generator|rest|assign|values|read|spread\w*|objRest|async\w*|forAwait|await|yieldStar|private\w*|class\w*|pow|template|makeTemplateObject|knownSymbol|using|callDispose)|_(?:async\w*|object\w*|to_?\w*|iterable\w*|sliced_?\w*|create\w*|define_property|extends|class\w*|await\w*|wrap\w*|using\w*))$/,
    "was compiled for an older JavaScript, with helper functions that are not in its source; raise the target of the compiler to ES2022",
  ],
];

/** Why a function that uses this name is not what its author wrote, or undefined. */
export function rewrittenBy(name: string): string | undefined {
  return REWRITTEN.find(([pattern]) => pattern.test(name))?.[1];
}
