import { describe, runlaneError } from "../../core/errors/errors.ts";
import { builtinModule } from "../../core/platform.ts";
import { builtin } from "../node-builtin.ts";
import type { FunctionRef } from "./function-ref.ts";

/** A function, or a runnable, by its module and its name there. */
export type ModuleRef = Extract<FunctionRef, { from: "module" }>;

/** The key under which a function has the ref of its module. */
const MODULE_REF = Symbol.for("runlane.module-ref");

/** Extensions of TypeScript's files, by those of the compiled ones. */
const COMPILED: readonly (readonly [compiled: RegExp, sources: readonly string[]])[] = [
  [/\.js$/, [".ts", ".tsx"]],
  [/\.mjs$/, [".mts"]],
  [/\.cjs$/, [".cts"]],
];

/**
 * Points at an export of a module, which each worker imports itself. Where `./score.js` is asked for and only `./score.ts` exists,
 * that is taken.
 *
 * @param url The module's `file:` URL, most often `new URL("./score.js", import.meta.url)`.
 * @param exportName The name of a function or a runnable that it exports; `"default"` for its default export.
 * @param where The beginning of error messages.
 * @throws RUNLANE_INVALID_OPTION, RUNLANE_MODULE_NOT_FOUND
 */
export function moduleRef(url: string | URL, exportName: string, where = "RunnableLambda.fromModule"): ModuleRef {
  if (typeof exportName !== "string" || exportName === "") {
    const expected = 'the name of an export, for example "default"';
    throw runlaneError("RUNLANE_INVALID_OPTION", {
      where,
      option: "exportName",
      expected,
      received: describe(exportName),
    });
  }
  // Next makes addresses of its web server of them.
  if (url instanceof URL && !URL.canParse(url.href))
    throw runlaneError("RUNLANE_MODULE_NOT_FOUND", { where, url: url.href });
  const address = url instanceof URL ? url : typeof url === "string" && URL.canParse(url) ? new URL(url) : null;
  // A browser's modules have addresses of the web, and whether they exist is seen when they are loaded.
  if (address !== null && builtinModule("node:fs") === undefined)
    return { from: "module", url: address.href, exportName };
  if (address === null || address.protocol !== "file:") {
    const expected = 'a `file:` URL, as new URL("./module.js", import.meta.url) makes them';
    const received = url instanceof URL ? `the URL ${url.href}` : describe(url);
    throw runlaneError("RUNLANE_INVALID_OPTION", { where, option: "the module", expected, received });
  }
  const found = [address, ...sourcesOf(address)].find(isFile);
  if (found === undefined) throw runlaneError("RUNLANE_MODULE_NOT_FOUND", { where, url: address.href });
  return { from: "module", url: found.href, exportName };
}

function sourcesOf(address: URL): URL[] {
  const [compiled, sources] = COMPILED.find(([pattern]) => pattern.test(address.pathname)) ?? [/$/, []];
  return sources.map((extension) => {
    const source = new URL(address);
    source.pathname = address.pathname.replace(compiled, extension);
    return source;
  });
}

function isFile(address: URL): boolean {
  return builtin("node:fs").statSync(address, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Marks a function as one that is found in a module, so that it is shipped as that. */
// biome-ignore lint/complexity/noBannedTypes: functions of all types are marked
export function markModule<Func extends Function>(func: Func, ref: ModuleRef): Func {
  return Object.defineProperty(func, MODULE_REF, { value: ref });
}

/** The ref of a marked function; undefined for others. */
export function moduleRefOf(func: object): ModuleRef | undefined {
  return (func as { [MODULE_REF]?: ModuleRef })[MODULE_REF];
}
