import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The modules of a program, as far as their texts tell. */
export interface ModuleGraph {
  /** The program's own files. */
  readonly files: readonly string[];
  /** The packages that they import, with their versions: `zod@4.1.0`. */
  readonly packages: readonly string[];
}

/**
 * Specifiers in imports, exports and calls of `import` and `require`. What stands in a comment or a string is found as well: a file
 * too many does no harm.
 */
const SPECIFIERS =
  /(?:\bfrom|\bimport|\brequire(?:\.resolve)?\s*\(|\bimport\s*\()\s*["']([^"'\n]+)["']|\bnew URL\(\s*["'](\.[^"'\n]+)["']\s*,\s*import\.meta\.url/g;

/** The endings that a specifier without its extension, or with that of the compiled file, may stand for. */
const SOURCES: readonly (readonly [RegExp, readonly string[]])[] = [
  [/\.js$/, [".ts", ".tsx"]],
  [/\.mjs$/, [".mts"]],
  [/\.cjs$/, [".cts"]],
  [/$/, ["", ".ts", ".js", ".mjs", ".cjs", ".json", "/index.ts", "/index.js"]],
];

const IS_CODE = /\.[mc]?[jt]sx?$/;
const BUILTIN = new Set(builtinModules);

/** Follows the imports of a module. Files in `node_modules` are known by their package and its version, and not looked into. */
export function moduleGraph(entry: string): ModuleGraph {
  const files = new Set<string>();
  const packages = new Set<string>();
  const rest = [realpathSync(entry)];
  for (let file = rest.pop(); file !== undefined; file = rest.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    if (!IS_CODE.test(file)) continue;
    for (const [, imported, named] of readFileSync(file, "utf8").matchAll(SPECIFIERS)) {
      const specifier = (imported ?? named) as string;
      const found = isLocal(specifier) ? localFile(specifier, dirname(file)) : packageOf(specifier, dirname(file));
      if (found === undefined) continue;
      if ("file" in found) rest.push(found.file);
      else packages.add(found.package);
    }
  }
  return { files: [...files].sort(), packages: [...packages].sort() };
}

function isLocal(specifier: string): boolean {
  return /^(?:\.\.?(?:\/|$)|\/|file:)/.test(specifier);
}

function localFile(specifier: string, folder: string): { readonly file: string } | undefined {
  const path = specifier.startsWith("file:")
    ? fileURLToPath(specifier)
    : resolve(folder, specifier.replace(/[?#].*$/, ""));
  const candidates = [
    path,
    ...SOURCES.filter(([pattern]) => pattern.test(path)).flatMap(([pattern, endings]) =>
      endings.map((ending) => path.replace(pattern, ending)),
    ),
  ];
  const file = candidates.find(isFile);
  return file === undefined ? undefined : { file: realpathSync(file) };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** The package of a specifier and its version. One that is a link to a folder of the same project is followed as if it were a file. */
function packageOf(
  specifier: string,
  folder: string,
): { readonly package: string } | { readonly file: string } | undefined {
  const [name] = /^(?:@[^/]+\/)?[^/]+/.exec(specifier) ?? [];
  if (name === undefined || BUILTIN.has(name) || specifier.includes(":") || specifier.startsWith("#")) return undefined;
  for (let at = folder; ; at = dirname(at)) {
    const manifest = join(at, "node_modules", name, "package.json");
    if (existsSync(manifest)) {
      const { version = "?", main } = JSON.parse(readFileSync(manifest, "utf8")) as { version?: string; main?: string };
      const home = realpathSync(dirname(manifest));
      const entry = main === undefined ? undefined : localFile(`./${main}`, home);
      const isLinked = !home.includes(`${sep}node_modules${sep}`) && name !== "runlane";
      return isLinked && entry !== undefined ? entry : { package: `${name}@${version}` };
    }
    if (dirname(at) === at) return undefined;
  }
}
