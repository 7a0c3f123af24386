import { nothing } from "../../core/optional-package.ts";

/** A value as LangServe sends it. */
type Wire = Record<string, unknown>;

/** LangChain's classes of messages by the `type` that LangServe gives them. */
const MESSAGES: Readonly<Record<string, string>> = {
  human: "HumanMessage",
  ai: "AIMessage",
  system: "SystemMessage",
  tool: "ToolMessage",
  function: "FunctionMessage",
  chat: "ChatMessage",
  HumanMessageChunk: "HumanMessageChunk",
  AIMessageChunk: "AIMessageChunk",
  SystemMessageChunk: "SystemMessageChunk",
  ToolMessageChunk: "ToolMessageChunk",
  FunctionMessageChunk: "FunctionMessageChunk",
  ChatMessageChunk: "ChatMessageChunk",
};

/** Makes LangChain's objects of values that a server has sent; plain data stays as it is. */
export type WireReader = (value: unknown) => unknown;

/** A constructor of one of LangChain's classes. */
type Constructor = new (fields: Wire) => unknown;

/** The exports of a module that may be missing. */
type Classes = Readonly<Record<string, unknown>> | undefined;

/**
 * Loads what makes messages and documents. Where `@langchain/core` is not installed, nobody can expect its objects: values stay plain.
 */
export async function loadWireReader(): Promise<WireReader> {
  const messages: Classes = await import("@langchain/core/messages").catch(nothing);
  const documents: Classes = await import("@langchain/core/documents").catch(nothing);
  if (messages === undefined || documents === undefined) return (value) => value;
  return function read(value): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(read);
    const fields = Object.fromEntries(Object.entries(value).map(([key, field]) => [key, read(field)]));
    const { type } = fields;
    if (typeof type !== "string") return fields;
    if (type === "Document" && "page_content" in fields) {
      const { page_content: pageContent, metadata = {}, id } = fields;
      return new (documents.Document as Constructor)({ pageContent, metadata, ...(id === null ? {} : { id }) });
    }
    if (!Object.hasOwn(MESSAGES, type) || !("content" in fields)) return fields;
    const { name, id, usage_metadata: usage, ...rest } = fields;
    return new (messages[MESSAGES[type]!] as Constructor)({
      ...rest,
      ...(name === null || name === undefined ? {} : { name }),
      ...(id === null || id === undefined ? {} : { id }),
      ...(usage === null || usage === undefined ? {} : { usage_metadata: usage }),
    });
  };
}
