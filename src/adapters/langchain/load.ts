import { type LoadOptions, loadWith } from "../../runnables/load/load.ts";
import type { ImportMap, ModuleExports } from "../../runnables/load/load-class.ts";
import "../../runnables/kinds/all.ts";

/**
 * The modules of `@langchain/core` whose objects can be saved, by the namespaces that their classes give. Each is imported when a
 * document needs it: nothing else can be imported, whatever the document says.
 */
const CORE: ImportMap = {
  "langchain_core/documents": () => core(import("@langchain/core/documents")),
  "langchain_core/example_selectors": () => core(import("@langchain/core/example_selectors")),
  "langchain_core/messages": () => core(import("@langchain/core/messages")),
  "langchain_core/output_parsers": () => core(import("@langchain/core/output_parsers")),
  "langchain_core/prompt_values": () => core(import("@langchain/core/prompt_values")),
  "langchain_core/prompts": () => core(import("@langchain/core/prompts")),
  "langchain_core/runnables": () => core(import("@langchain/core/runnables")),
  "langchain_core/vectorstores": () => core(import("@langchain/core/vectorstores")),
  "langchain/output_parsers/openai_functions": () => core(import("@langchain/core/output_parsers/openai_functions")),
  "langchain/output_parsers/openai_tools": () => core(import("@langchain/core/output_parsers/openai_tools")),
  "langchain/output_parsers": () => core(import("@langchain/core/output_parsers")),
};

/**
 * Loads what was saved with `JSON.stringify`, by Runlane or by LangChain: runnables become Runlane's, and prompts, messages, parsers
 * and whatever else is in `@langchain/core` become LangChain's. Classes of other packages, models for example, are found through
 * `importMap` or `resolve`, which come before `@langchain/core`.
 *
 * Loading calls constructors with what the document says. Load only documents that you trust.
 *
 * @param document The text, or the object that it stands for.
 * @throws RUNLANE_NOT_LOADABLE, with the path of the part that cannot be loaded.
 * @example
 * ```ts
 * import { PromptTemplate } from "@langchain/core/prompts";
 * import { type Runnable, RunnableParallel, RunnablePassthrough } from "runlane";
 * import { load } from "runlane/langchain";
 *
 * const chain = RunnableParallel.from({ name: new RunnablePassthrough() }).pipe(PromptTemplate.fromTemplate("Hello {name}"));
 * const loaded = await load<Runnable>(JSON.stringify(chain));
 * (await loaded.invoke("Ada")).toString(); // "Hello Ada"
 * ```
 */
export function load<T = unknown>(document: string | object, options?: LoadOptions): Promise<T> {
  return loadWith<T>(document, options, CORE);
}

async function core(loading: Promise<object>): Promise<ModuleExports> {
  try {
    return (await loading) as ModuleExports;
  } catch (cause) {
    throw new Error("@langchain/core is not installed; run npm install @langchain/core", { cause });
  }
}
