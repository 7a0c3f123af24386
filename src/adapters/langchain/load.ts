import { type LoadOptions, loadWith } from "../../runnables/load/load.ts";
import type { ImportMap, ModuleExports } from "../../runnables/load/load-class.ts";
import "../../runnables/kinds/all.ts";

/**
 * The modules of `@langchain/core` whose objects can be saved, by the namespaces that their classes give. Each is imported when a
 * document needs it: nothing else can be imported, whatever the document says.
 */
const CORE: ImportMap = {
  "langchain_core/documents": () => import("@langchain/core/documents").catch(missing) as Exports,
  "langchain_core/example_selectors": () => import("@langchain/core/example_selectors").catch(missing) as Exports,
  "langchain_core/messages": () => import("@langchain/core/messages").catch(missing) as Exports,
  "langchain_core/output_parsers": () => import("@langchain/core/output_parsers").catch(missing) as Exports,
  "langchain_core/prompt_values": () => import("@langchain/core/prompt_values").catch(missing) as Exports,
  "langchain_core/prompts": () => import("@langchain/core/prompts").catch(missing) as Exports,
  "langchain_core/runnables": () => import("@langchain/core/runnables").catch(missing) as Exports,
  "langchain_core/vectorstores": () => import("@langchain/core/vectorstores").catch(missing) as Exports,
  "langchain/output_parsers/openai_functions": () =>
    import("@langchain/core/output_parsers/openai_functions").catch(missing) as Exports,
  "langchain/output_parsers/openai_tools": () =>
    import("@langchain/core/output_parsers/openai_tools").catch(missing) as Exports,
  "langchain/output_parsers": () => import("@langchain/core/output_parsers").catch(missing) as Exports,
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

type Exports = Promise<ModuleExports>;

function missing(cause: unknown): never {
  throw new Error("@langchain/core is not installed; run npm install @langchain/core", { cause });
}
