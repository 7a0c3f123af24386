import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/*
 * A stand-in for a chat model: a server that speaks OpenAI's protocol, so that the example runs without an account. It understands nothing.
 * Of the text that it is given to answer from, it repeats the sentences that have most words in common with the question.
 */

interface ChatRequest {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly stream?: boolean;
}

/** A server that listens, and its end. */
export interface ModelServer {
  readonly url: string;
  close(): void;
}

/** Starts the server on a free port of this machine. */
export function startModelServer(): Promise<ModelServer> {
  const server = createServer((request, response) => void answer(request, response));
  // It serves whoever holds the process, and holds none itself.
  server.unref();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve({ url: urlOf(server), close: () => void server.close() }));
  });
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/v1`;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = "";
  for await (const chunk of request) text += chunk;
  const { messages, stream = false } = JSON.parse(text) as ChatRequest;
  const source = messages.find(({ role }) => role === "system")?.content ?? "";
  const question = messages.findLast(({ role }) => role === "user")?.content ?? "";
  const words = sentencesFor(question, source).split(/(?<= )/);
  const usage = { prompt_tokens: count(source) + count(question), completion_tokens: words.length };
  const base = { id: "chatcmpl-1", object: "chat.completion", model: "stand-in" };
  if (!stream) {
    const message = { role: "assistant", content: words.join("") };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ ...base, choices: [{ index: 0, message, finish_reason: "stop" }], usage }));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (data: object) => response.write(`data: ${JSON.stringify({ ...base, ...data })}\n\n`);
  for (const content of words) {
    if (response.destroyed) return;
    send({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
    // As slow as a model is, so that one sees the words come.
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  send({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage });
  response.end("data: [DONE]\n\n");
}

const STOP_WORDS = new Set(
  "a an and are as at be by can do does for how i in is it of on or that the to what when which who why with".split(
    " ",
  ),
);

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\d]+/gu) ?? [];
}

function count(text: string): number {
  return wordsOf(text).length;
}

/** The three sentences that share most words with a question, in the order in which they stand in the text. */
function sentencesFor(question: string, text: string): string {
  const asked = new Set(wordsOf(question).filter((word) => !STOP_WORDS.has(word)));
  const sentences = text.split(/(?<=[.!?])\s+|\n+/).filter((sentence) => count(sentence) > 3);
  const scored = sentences.map((sentence, at) => ({
    at,
    sentence,
    score: new Set(wordsOf(sentence).filter((word) => asked.has(word))).size,
  }));
  const best = scored.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score || a.at - b.at);
  const chosen = best.slice(0, 3).sort((a, b) => a.at - b.at);
  return chosen.length === 0
    ? "The passages say nothing about that."
    : chosen.map(({ sentence }) => sentence).join(" ");
}
