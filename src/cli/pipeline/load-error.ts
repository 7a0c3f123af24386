import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { messageOf, oneLine, systemCode } from "../cli-error.ts";
import { displayName, isOwnCode } from "../paths.ts";

/** Says in one line why a module did not load, with file and line where they can be found out. */
export function explainLoadError(error: unknown, file: string): string {
  return (
    explainTransformError(error) ??
    explainMissingModule(error) ??
    explainSyntaxError(error, file) ??
    explainThrow(error, file)
  );
}

/** esbuild, which tsx uses: `Transform failed with 1 error:\n/path/to/pipeline.ts:3:0: ERROR: Unexpected "}"`. */
function explainTransformError(error: unknown): string | undefined {
  const match = /^(.+?):(\d+):\d+: ERROR: (.*)$/m.exec(messageOf(error));
  return match === null ? undefined : `cannot load ${displayName(match[1] as string)}:${match[2]}: ${match[3]}`;
}

/** `Cannot find package 'x' imported from /path/to/pipeline.ts` does not say where; the import statement does. */
function explainMissingModule(error: unknown): string | undefined {
  const code = systemCode(error);
  if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") return undefined;
  const match = /^Cannot find (?:package|module) '(.+?)' imported from '?(.+?)'?$/m.exec(messageOf(error));
  if (match === null) return undefined;
  const [, wanted = "", importer = ""] = match;
  const file = toPath(importer);
  const line = lineOf(file, wanted.slice(wanted.lastIndexOf("/") + 1));
  const what = /^(?:[./]|file:|[a-z]:)/i.test(wanted)
    ? `there is no file ${displayName(toPath(wanted))}`
    : `the package ${wanted} is not installed`;
  return `cannot load ${displayName(file)}${line}: ${what}`;
}

function lineOf(file: string, text: string): string {
  try {
    const found = readFileSync(file, "utf8")
      .split("\n")
      .findIndex((line) => line.includes(text));
    return found === -1 ? "" : `:${found + 1}`;
  } catch {
    return "";
  }
}

/** Node keeps the place of a syntax error in an ES module to itself, except when it checks a file on its own. */
function explainSyntaxError(error: unknown, file: string): string | undefined {
  if (!(error instanceof SyntaxError)) return undefined;
  const shown = /^(?:file:\/\/)?(\/.+|[A-Za-z]:\\.+):(\d+)$/m;
  const place =
    shown.exec(error.stack?.split("\n", 1)[0] ?? "") ??
    shown.exec(spawnSync(process.execPath, ["--check", file], { encoding: "utf8" }).stderr);
  if (place === null) return undefined;
  return `cannot load ${displayName(toPath(place[1] as string))}:${place[2]}: SyntaxError: ${oneLine(error.message)}`;
}

/** An error that a module throws while it loads: the first line of the stack that is not Node's, a package's or Runlane's. */
function explainThrow(error: unknown, file: string): string {
  const [name, stack] = [field(error, "name"), field(error, "stack")];
  const text = typeof stack === "string" ? stack : "";
  // A path begins where the place does: `node:internal/modules/...` has a path inside that is none.
  const frames = [
    ...text.matchAll(/^ +at (?:async )?(?:[^(\n]*\()?((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/])[^)\n]*?):(\d+):\d+\)?$/gm),
  ];
  const frame = frames.find(([, path = ""]) => !/[\\/]node_modules[\\/]/.test(path) && !isOwnCode(toPath(path)));
  const importer = / imported from '?((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/]).+?)'?$/m.exec(messageOf(error))?.[1];
  const place =
    frame !== undefined
      ? `${displayName(toPath(frame[1] as string))}:${frame[2]}`
      : displayName(importer === undefined ? file : toPath(importer));
  const kind = typeof name === "string" && name !== "Error" ? `${name}: ` : "";
  return `cannot load ${place}: ${kind}${oneLine(messageOf(error))}`;
}

/** A field of anything that was thrown, as text; undefined where it has none. */
function field(thrown: unknown, key: "name" | "stack"): unknown {
  try {
    return (thrown as Record<string, unknown> | null | undefined)?.[key];
  } catch {
    return undefined;
  }
}

function toPath(path: string): string {
  const clean = path.replace(/\?.*$/, "");
  return clean.startsWith("file:") ? fileURLToPath(clean) : clean;
}
