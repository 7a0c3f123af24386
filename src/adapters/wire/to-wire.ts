/** LangChain's own objects, told by their shape: there may be several copies of their classes, or none at all. */
interface MessageLike {
  _getType(): string;
  readonly content: unknown;
  readonly name?: string | undefined;
  readonly id?: string | undefined;
  readonly additional_kwargs?: unknown;
  readonly response_metadata?: unknown;
  readonly tool_calls?: unknown;
  readonly invalid_tool_calls?: unknown;
  readonly usage_metadata?: unknown;
  readonly tool_call_chunks?: unknown;
  readonly tool_call_id?: unknown;
  readonly status?: unknown;
  readonly artifact?: unknown;
  readonly role?: unknown;
}

/**
 * A value as LangServe sends it: messages, documents and prompt values flat, in snake_case, with a `type`, so that clients in Python and
 * JavaScript make their own objects of it. Everything else is what JSON makes of it.
 */
export function toWire(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.some(isObject) ? value.map(toWire) : value;
  if (isMessage(value)) return messageToWire(value);
  if (isDocument(value)) {
    const { pageContent, metadata, id } = value;
    return { id: id ?? null, metadata: toWire(metadata), page_content: pageContent, type: "Document" };
  }
  if (isPromptValue(value)) {
    const { messages, value: text } = value;
    return messages === undefined
      ? { text, type: "StringPromptValue" }
      : { messages: toWire(messages), type: "ChatPromptValueConcrete" };
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  // Plain data without objects in it, which most of it is, stays as it is.
  for (const key in value) if (isObject((value as Record<string, unknown>)[key])) return fieldsToWire(value);
  return value;
}

function fieldsToWire(value: object): object {
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, toWire(field)]));
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function isMessage(value: object): value is MessageLike {
  return typeof (value as Partial<MessageLike>)._getType === "function" && "content" in value;
}

function isDocument(value: object): value is { pageContent: unknown; metadata: unknown; id?: unknown } {
  return "pageContent" in value && "metadata" in value;
}

function isPromptValue(value: object): value is { messages?: unknown; value?: unknown } {
  return typeof (value as { toChatMessages?: unknown }).toChatMessages === "function";
}

function messageToWire(message: MessageLike): Record<string, unknown> {
  const kind = message._getType();
  const name = (message.constructor as { lc_name?: () => string }).lc_name?.() ?? "";
  const isChunk = name.endsWith("Chunk");
  const wire: Record<string, unknown> = {
    content: toWire(message.content),
    additional_kwargs: message.additional_kwargs ?? {},
    response_metadata: message.response_metadata ?? {},
    type: isChunk ? name : kind === "generic" ? "chat" : kind,
    name: message.name ?? null,
    id: message.id ?? null,
  };
  if (kind === "ai") {
    wire.tool_calls = message.tool_calls ?? [];
    wire.invalid_tool_calls = message.invalid_tool_calls ?? [];
    wire.usage_metadata = message.usage_metadata ?? null;
    if (isChunk) wire.tool_call_chunks = message.tool_call_chunks ?? [];
  }
  if (kind === "tool") {
    wire.tool_call_id = message.tool_call_id;
    wire.status = message.status ?? "success";
    wire.artifact = message.artifact ?? null;
  }
  if (kind === "generic") wire.role = message.role;
  return wire;
}
