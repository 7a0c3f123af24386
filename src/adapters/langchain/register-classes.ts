import { missingPackage } from "../../core/optional-package.ts";
import { addClassModule, registerClass } from "../../shipping/data/registered-classes.ts";

const NAMES = [
  ...["BaseMessage", "HumanMessage", "AIMessage", "SystemMessage", "ToolMessage", "FunctionMessage", "ChatMessage"],
  ...["BaseMessageChunk", "HumanMessageChunk", "AIMessageChunk", "SystemMessageChunk", "ToolMessageChunk"],
  ...["FunctionMessageChunk", "ChatMessageChunk", "RemoveMessage"],
  ...["Document", "StringPromptValue", "ChatPromptValue", "ImagePromptValue"],
  ...["GenerationChunk", "ChatGenerationChunk"],
];

let registering: Promise<void> | undefined;

/**
 * Lets LangChain's messages, documents, prompt values and generation chunks travel between threads and processes: they arrive as
 * instances of their classes, with ids, tool calls and usage. Call it once, before the first input is sent; workers that are started or
 * given a step afterwards register the same classes by themselves.
 *
 * @throws RUNLANE_MISSING_PACKAGE without `@langchain/core`.
 * @example
 * ```ts
 * import { HumanMessage } from "@langchain/core/messages";
 * import { registerLangChainClasses } from "runlane/langchain";
 *
 * await registerLangChainClasses();
 * const question = new HumanMessage("Why?"); // now arrives as a HumanMessage in every lane
 * ```
 */
export function registerLangChainClasses(): Promise<void> {
  registering ??= register().catch((error: unknown) => {
    registering = undefined;
    throw error;
  });
  return registering;
}

async function register(): Promise<void> {
  const exports: Record<string, unknown> = Object.assign({}, ...(await load()));
  for (const name of NAMES) {
    const Class = exports[name];
    // Not every version has all of them.
    if (typeof Class === "function") registerClass(Class as new () => unknown, { name: `langchain:${name}` });
  }
  addClassModule({ specifier: "runlane/langchain", exportName: "registerLangChainClasses" });
}

function load(): Promise<object[]> {
  return Promise.all([
    import("@langchain/core/messages").catch(missing),
    import("@langchain/core/documents").catch(missing),
    import("@langchain/core/prompt_values").catch(missing),
    import("@langchain/core/outputs").catch(missing),
  ]);
}

const missing = missingPackage("registerLangChainClasses", "@langchain/core");
