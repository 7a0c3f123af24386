import { statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { describe } from "../../core/errors/errors.ts";
import { isPlainObject } from "../../core/plain-object.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import { CliError } from "../cli-error.ts";
import { absolutePath, displayName } from "../paths.ts";
import { explainLoadError } from "./load-error.ts";
import { isTypeScript, prepareTypeScript } from "./typescript.ts";

/**
 * Loads the runnable that a module exports, by default unless another name is given.
 *
 * @throws CliError RUNLANE_CLI_PIPELINE, with file and, where it is known, line.
 */
export async function loadPipeline(path: string, exportName?: string): Promise<Runnable<unknown, unknown>> {
  const file = pipelineFile(path);
  if (isTypeScript(file)) await prepareTypeScript(file);
  return await importExport(file, exportName);
}

/**
 * The names of the steps that a module has: its default export or, where it has none, each export that can be a step.
 *
 * @throws CliError RUNLANE_CLI_PIPELINE when it does not load
 */
export async function stepNames(path: string): Promise<string[]> {
  const file = pipelineFile(path);
  if (isTypeScript(file)) await prepareTypeScript(file);
  const module = await importModule(file);
  return defaultExport(module) === undefined ? Object.keys(module).filter((name) => isStep(module[name])) : ["default"];
}

function isStep(exported: unknown): boolean {
  return typeof exported === "function" || Boolean((exported as { lc_runnable?: unknown } | null)?.lc_runnable);
}

/**
 * The file of a pipeline.
 *
 * @throws CliError RUNLANE_CLI_PIPELINE when there is none.
 */
export function pipelineFile(path: string): string {
  const file = absolutePath(path);
  if (statSync(file, { throwIfNoEntry: false })?.isFile()) return file;
  throw new CliError("RUNLANE_CLI_PIPELINE", `there is no pipeline module ${displayName(file)}`);
}

/**
 * Imports the runnable that a module exports. TypeScript has to be loadable already.
 *
 * @throws CliError RUNLANE_CLI_PIPELINE, with file and, where it is known, line.
 */
export async function importExport(file: string, exportName = "default"): Promise<Runnable<unknown, unknown>> {
  const module = await importModule(file);
  const exported = exportName === "default" ? defaultExport(module) : namedExport(module, exportName);
  const called = exportName === "default" ? "its default export" : `its export ${exportName}`;
  return await usable(exported, displayName(file), called);
}

async function importModule(file: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    throw new CliError("RUNLANE_CLI_PIPELINE", explainLoadError(error, file), { cause: error });
  }
}

/** Node does not see every name that a CommonJS module exports. */
function namedExport(module: Record<string, unknown>, name: string): unknown {
  if (Object.hasOwn(module, name)) return module[name];
  const inner = module.default as Record<string, unknown> | null | undefined;
  return typeof inner === "object" && inner !== null && Object.hasOwn(inner, name) ? inner[name] : undefined;
}

/** The default export; a CommonJS module that was compiled from an ES module hides it one level deeper. */
function defaultExport(module: Record<string, unknown>): unknown {
  const exported = module.default as
    | { default?: unknown; __esModule?: unknown; lc_runnable?: unknown }
    | null
    | undefined;
  if (typeof exported !== "object" || exported === null || exported.lc_runnable) return exported;
  const compiled = exported.__esModule === true || Object.keys(exported).join() === "default";
  return compiled ? exported.default : exported;
}

/** Coerces an export, or says what is wrong with it. */
async function usable(exported: unknown, name: string, called: string): Promise<Runnable<unknown, unknown>> {
  // Loaded only now, so that a pipeline with an error in it fails fast.
  const { toRunnable } = await import("./to-runnable.ts");
  let cause: unknown;
  if (exported !== undefined && !(exported instanceof Promise) && !isEmptyObject(exported)) {
    try {
      return toRunnable(exported);
    } catch (error) {
      cause = error;
    }
  }
  const found = exported === undefined ? "it has none" : `it is ${describe(exported)}`;
  const hint = exported instanceof Promise ? "; write export default await ..." : "";
  const message = `${name} needs a runnable, a function or a LangChain runnable as ${called}, but ${found}${hint}`;
  throw new CliError("RUNLANE_CLI_PIPELINE", message, { cause });
}

/** Whether a value is the empty object that a CommonJS module without exports exports. */
function isEmptyObject(value: unknown): boolean {
  return isPlainObject(value) && Object.keys(value).length === 0;
}
