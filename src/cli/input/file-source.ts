import { statSync } from "node:fs";
import { resolve } from "node:path";
import { escapePath, glob } from "tinyglobby";
import { CliError } from "../cli-error.ts";
import { InputBlock, type InputSource } from "./reading.ts";

const BLOCK = 1024;

/**
 * The paths that match the patterns: relative to the working folder, with `/`, each once, sorted by code unit, so that an
 * index means the same file in every run and on every machine.
 */
export async function findFiles(patterns: readonly string[], cwd = process.cwd()): Promise<string[]> {
  // A shell that expands patterns hands over names, and in a name such as `[id].md` the brackets mean themselves.
  const literal = patterns.map((pattern) =>
    isFile(pattern, cwd) ? escapePath(pattern.replaceAll("\\", "/")) : pattern,
  );
  const paths = await glob(literal, { cwd, expandDirectories: false });
  if (paths.length > 0) return [...new Set(paths)].sort();
  const folder = patterns.find((pattern) => isFolder(pattern, cwd));
  const hint = folder === undefined ? "" : `; ${folder} is a folder, its files are "${folder.replace(/\/+$/, "")}/**"`;
  throw new CliError("RUNLANE_CLI_INPUT", `no file matches ${patterns.join(" ")}${hint}`);
}

/** One input per file: its path. */
export function fileSource(paths: readonly string[]): InputSource {
  return { name: "files", count: paths.length, read: (skip) => readPaths(paths, skip), close: () => {} };
}

async function* readPaths(paths: readonly string[], skip: number): AsyncGenerator<InputBlock, void, undefined> {
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
