import { bundle } from "../../core/bundle.ts";
import { describe, runlaneError } from "../../core/errors/errors.ts";
import type { ModuleRef } from "./module-ref.ts";
import { isTypeScript, prepareTypeScript } from "./typescript.ts";

/** An export that can be a step: a function, or a runnable, Runlane's or LangChain's. */
// biome-ignore lint/complexity/noBannedTypes: functions of all types are exported
export type Shipped = Function | { readonly lc_runnable: unknown };

/** Whether something is a runnable, Runlane's or LangChain's. */
export function isRunnable(thing: unknown): thing is { readonly lc_runnable: unknown } {
  return typeof thing === "object" && thing !== null && Boolean((thing as { lc_runnable?: unknown }).lc_runnable);
}

/** Whether this thread can load TypeScript by now. */
let typeScriptReady = false;

/**
 * Imports a module in this thread and takes its export. TypeScript is loaded by Node itself, or through tsx where Node cannot.
 *
 * @throws RUNLANE_EXPORT_NOT_FOUND, RUNLANE_MISSING_PACKAGE, and what the module itself throws
 */
export async function loadExport(
  { url, exportName }: ModuleRef,
  where = "RunnableLambda.fromModule",
): Promise<Shipped> {
  if (!typeScriptReady && isTypeScript(new URL(url).pathname)) {
    typeScriptReady = await prepareTypeScript([url, import.meta.url]);
    if (!typeScriptReady) {
      const needed = `${where}, on Node ${process.versions.node} and with ${url},`;
      throw runlaneError("RUNLANE_MISSING_PACKAGE", { where: needed, package: "tsx" });
    }
  }
  const module: Record<string, unknown> = await import(url).catch((error) => {
    throw leftBehind(error, where) ?? error;
  });
  const exported = exportOf(module, exportName);
  if (isRunnable(exported) || (typeof exported === "function" && !isClass(exported))) return exported;
  const received =
    exported === undefined ? "does not export it" : `exports ${describeExport(exported)} under that name`;
  const names = [...new Set([...Object.keys(module), ...Object.keys(commonJs(module))])];
  const exports = names.length === 0 ? "nothing" : names.join(", ");
  throw runlaneError("RUNLANE_EXPORT_NOT_FOUND", { where, name: exportName, url, received, exports });
}

/** The error for a module that a bundler has copied without what it imports. */
function leftBehind(error: unknown, where: string): Error | undefined {
  if (!bundle.isHere || (error as { code?: unknown } | null)?.code !== "ERR_MODULE_NOT_FOUND") return undefined;
  const [, missing, importer] =
    /^Cannot find (?:module|package) '(.*)' imported from (.*)$/m.exec(String((error as Error).message)) ?? [];
  const file = missing === undefined ? "one that a module imports" : `${missing}, which ${importer} imports`;
  return runlaneError("RUNLANE_BUNDLED", { where, file }, { cause: error });
}

/** An export of a module. Node does not see every name that a CommonJS module exports, and sees compiled ones a level deeper. */
function exportOf(module: Record<string, unknown>, name: string): unknown {
  const inner = commonJs(module);
  if (name === "default") return inner.__esModule === true ? inner.default : module.default;
  return Object.hasOwn(module, name) ? module[name] : Object.hasOwn(inner, name) ? inner[name] : undefined;
}

/** The `module.exports` of a CommonJS module, which is its default export here. */
function commonJs(module: Record<string, unknown>): Record<string, unknown> {
  const { default: inner } = module;
  if (typeof inner !== "object" || inner === null) return {};
  // Node 20 does not mark CommonJS modules, and tsx makes such of TypeScript in packages without "type": "module".
  const isCommonJs = "module.exports" in module || (inner as { __esModule?: unknown }).__esModule === true;
  return isCommonJs ? (inner as Record<string, unknown>) : {};
}

// biome-ignore lint/complexity/noBannedTypes: functions of all types are exported
function isClass(func: Function): boolean {
  return /^class\b/.test(Function.prototype.toString.call(func));
}

function describeExport(value: unknown): string {
  return typeof value === "function" ? `the class ${value.name}` : describe(value);
}
