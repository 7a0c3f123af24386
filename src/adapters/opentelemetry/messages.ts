/** One of LangChain's messages, as far as it is read. */
interface MessageLike {
  readonly content?: unknown;
  readonly tool_calls?: readonly { readonly id?: string; readonly name: string; readonly args: unknown }[];
  readonly tool_call_id?: string;
  _getType?(): string;
}

const ROLES: Readonly<Record<string, string>> = { human: "user", ai: "assistant", system: "system", tool: "tool" };

/** The longest attribute, in characters: collectors refuse a span that is too large as a whole. */
const MAX_LENGTH = 32_768;

/** Messages in the form of the conventions, as JSON: a role, and parts that are texts, calls of tools, or their results. */
export function messagesText(messages: readonly unknown[], finishReason?: string): string {
  return shortened(
    messages.map((message) => {
      const { role, parts } = messageOf(message as MessageLike);
      return finishReason === undefined ? { role, parts } : { role, parts, finish_reason: finishReason };
    }),
  );
}

/** A value as the text of an attribute: texts as they are, everything else as JSON. */
export function valueText(value: unknown): string {
  return typeof value === "string" ? value.slice(0, MAX_LENGTH) : shortened(value);
}

function shortened(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, MAX_LENGTH);
  } catch (error) {
    return `no JSON: ${(error as Error).message}`;
  }
}

function messageOf(message: MessageLike): { role: string; parts: object[] } {
  const type = message._getType?.() ?? "human";
  const { content, tool_calls: calls = [], tool_call_id: id } = message;
  if (id !== undefined) return { role: "tool", parts: [{ type: "tool_call_response", id, response: content ?? null }] };
  const parts: object[] = [];
  if (typeof content === "string") {
    if (content !== "" || calls.length === 0) parts.push({ type: "text", content });
  } else if (Array.isArray(content)) for (const part of content) parts.push(partOf(part));
  for (const { id: callId, name, args } of calls)
    parts.push({ type: "tool_call", ...(callId === undefined ? {} : { id: callId }), name, arguments: args });
  return { role: Object.hasOwn(ROLES, type) ? ROLES[type]! : type, parts };
}

function partOf(part: unknown): object {
  const { type, text } = (part ?? {}) as { type?: unknown; text?: unknown };
  if (type === "text" && typeof text === "string") return { type: "text", content: text };
  return typeof part === "object" && part !== null ? part : { type: "text", content: String(part) };
}
