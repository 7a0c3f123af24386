const OLDER =
  "was compiled for an older JavaScript, with helper functions that are not in its source; raise the target of the compiler to ES2022";

/** Names that tools write into the functions they rewrite: Vite, bundlers, coverage tools, then TypeScript, esbuild, Babel and SWC. */
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
    /^(?:tslib_\d+|__(?:awaiter|generator|rest|assign|values|read|spreadArrays?|asyncValues|asyncGenerator|asyncDelegator|await|makeTemplateObject|classPrivateField(?:Get|Set|In)|decorate|addDisposableResource|disposeResources))$/,
    OLDER,
  ],
  [
    /^__(?:async|objRest|spreadValues|spreadProps|private[A-Z]\w*|yieldStar|forAwait|pow|template|using|callDispose|publicField|decorateClass)$/,
    OLDER,
  ],
  [
    /^(?:regeneratorRuntime|_regenerator\w*|_(?:asyncToGenerator|objectSpread\d*|objectWithoutProperties(?:Loose)?|toConsumableArray|slicedToArray|createForOfIteratorHelper|classCallCheck|createClass|wrapAsyncGenerator|awaitAsyncGenerator|asyncIterator|taggedTemplateLiteral|usingCtx))$/,
    OLDER,
  ],
  [
    /^_(?:async_to_generator|object_spread(?:_props)?|object_without_properties|to_consumable_array|sliced_to_array|class_call_check|create_class|wrap_async_generator|await_async_generator|async_iterator|tagged_template_literal|ts_generator)$/,
    OLDER,
  ],
];

/** The reason why a function that uses this name is not what its author wrote; undefined if it is. */
export function rewrittenBy(name: string): string | undefined {
  return REWRITTEN.find(([pattern]) => pattern.test(name))?.[1];
}
