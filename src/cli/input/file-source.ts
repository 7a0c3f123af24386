import { statSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import { escapePath, glob } from "tinyglobby";
import { CliError } from "../cli-error.ts";
import { endsTooEarly, InputBlock, type InputSource } from "./reading.ts";

const BLOCK = 1024;

/** Files that were named, and files that a pattern has found. */
export interface FoundFiles {
  /** Relative to the working folder, with `/`, each once, sorted by code unit, so that an index means the same in every run. */
  readonly paths: readonly string[];
  /** The files that were named one by one. */
  readonly named: ReadonlySet<string>;
}

/**
 * The files that names and patterns mean. A pattern with `!` in front takes files out.
 *
 * @param isLeftOut Says of a file that a pattern has found whether it is no input.
 * @throws CliError RUNLANE_CLI_INPUT when nothing matches, or a file is named that does not exist.
 */
export async function findFiles(
  patterns: readonly string[],
  cwd = process.cwd(),
  isLeftOut: (path: string) => boolean = () => false,
): Promise<FoundFiles> {
  const named = new Set<string>();
  const globs: string[] = [];
  for (const pattern of patterns) {
    if (pattern === "")
      throw new CliError("RUNLANE_CLI_INPUT", "--files has an empty pattern; name files, or a pattern in quotes");
    // A shell that expands patterns hands over names, and in a name such as `[id].md` the brackets mean themselves.
    if (isFile(pattern, cwd)) named.add(asPath(pattern, cwd));
    else if (isPattern(pattern)) globs.push(pattern);
    else refuseName(pattern, cwd);
  }
  const excluded = globs.filter((pattern) => pattern.startsWith("!"));
  const found = new Set<string>();
  if (globs.length > excluded.length)
    for (const path of await glob(globs, { cwd, expandDirectories: false })) if (!isLeftOut(path)) found.add(path);
  const stay = excluded.length === 0 ? named : await withoutExcluded(named, excluded, cwd);
  for (const path of stay) found.add(path);
  if (found.size === 0)
    throw new CliError("RUNLANE_CLI_INPUT", `no file matches ${patterns.join(" ")}${folderHint(patterns, cwd)}`);
  return { paths: [...found].sort(), named: stay };
}

/** The named files that no pattern takes out. */
async function withoutExcluded(
  named: ReadonlySet<string>,
  excluded: readonly string[],
  cwd: string,
): Promise<Set<string>> {
  if (named.size === 0) return new Set();
  const kept = await glob([...[...named].map((path) => escapePath(path)), ...excluded], {
    cwd,
    expandDirectories: false,
  });
  const keys = new Set(kept.map((path) => resolve(cwd, path)));
  return new Set([...named].filter((path) => keys.has(resolve(cwd, path))));
}

function refuseName(name: string, cwd: string): never {
  const hint = folderHint([name], cwd);
  throw new CliError("RUNLANE_CLI_INPUT", hint === "" ? `there is no file ${name}` : `no file matches ${name}${hint}`);
}

function folderHint(patterns: readonly string[], cwd: string): string {
  const folder = patterns.find((pattern) => isFolder(pattern, cwd));
  return folder === undefined ? "" : `; ${folder} is a folder, its files are "${folder.replace(/\/+$/, "")}/**"`;
}

/** Whether a name has characters of patterns. Asked only of names that are no file's. */
function isPattern(name: string): boolean {
  return name.startsWith("!") || /[*?[\]{}()]|[+@]\(/.test(name);
}

/** A named file as patterns would give it. On other systems than Windows, a backslash is a character like any other. */
function asPath(name: string, cwd: string): string {
  const path = relative(cwd, resolve(cwd, name));
  return sep === "\\" ? path.replaceAll("\\", "/") : path;
}

/** A source with an input for each file: its path. */
export function fileSource(paths: readonly string[]): InputSource {
  return { name: "files", count: paths.length, read: (skip) => readPaths(paths, skip), close: () => {} };
}

async function* readPaths(paths: readonly string[], skip: number): AsyncGenerator<InputBlock, void, undefined> {
  if (skip > paths.length) throw endsTooEarly("--files", skip, skip - paths.length);
  for (let from = skip; from < paths.length; from += BLOCK) {
    const block = new InputBlock("files", JSON.stringify);
    for (const path of paths.slice(from, from + BLOCK)) block.add(path, 0, path);
    yield block;
  }
}

function isFile(path: string, cwd: string): boolean {
  return stat(path, cwd)?.isFile() ?? false;
}

function isFolder(path: string, cwd: string): boolean {
  return stat(path, cwd)?.isDirectory() ?? false;
}

function stat(path: string, cwd: string) {
  return statSync(resolve(cwd, path), { throwIfNoEntry: false });
}
