import { raceWithSignal, stopError } from "../../core/signal.ts";
import type { Deadline } from "./deadline.ts";
import type { LambdaGlobal, ResponseStream } from "./types.ts";

/** The format of chunks: one JSON value per line, or server-sent events. */
export type StreamFormat = "ndjson" | "sse";

interface Encoding {
  readonly type: string;
  encode(chunk: unknown): string | Uint8Array;
  /** The text at the end, and the one for a chain that fails after chunks have been written. */
  readonly end: string;
  readonly failure: string;
}

// The message of an error may say what is not for everybody to know.
const FAILED = JSON.stringify({ error: { message: "Internal Server Error" } });

const ENCODINGS: Record<"text" | "bytes" | StreamFormat, Encoding> = {
  text: { type: "text/plain; charset=utf-8", encode: String, end: "", failure: "" },
  bytes: { type: "application/octet-stream", encode: (chunk) => chunk as Uint8Array, end: "", failure: "" },
  ndjson: { type: "application/x-ndjson", encode: (chunk) => `${json(chunk)}\n`, end: "", failure: `${FAILED}\n` },
  sse: {
    type: "text/event-stream",
    encode: (chunk) => `event: data\ndata: ${json(chunk)}\n\n`,
    end: "event: end\n\n",
    failure: `event: error\ndata: ${FAILED}\n\n`,
  },
};

/** The options of the stream of one response. */
export interface StreamingOptions {
  /** The format of chunks. Undefined: text as it is, anything else as lines of JSON. */
  readonly format: StreamFormat | undefined;
  /** Whether an HTTP client reads the response. */
  readonly isHttp: boolean;
  readonly deadline: Deadline;
  readonly lambda: LambdaGlobal;
}

/**
 * Writes chunks as they are made. Nothing is written before the first one is there, so that an error before it is a failed call like any
 * other. After that the error is written too, where the format has a place for it, and thrown: the runtime ends the response with it.
 */
export async function respondStreaming(
  chunks: AsyncIterable<unknown>,
  stream: ResponseStream,
  { format, isHttp, deadline, lambda }: StreamingOptions,
): Promise<void> {
  const leave = () => deadline.abort(stopError("AbortError", "The client has closed the connection."));
  stream.once("error", leave);
  stream.once("close", leave);
  let open: { readonly to: ResponseStream; readonly encoding: Encoding } | undefined;
  const begin = (chunk: unknown) => {
    const encoding = ENCODINGS[format ?? kindOf(chunk)];
    return { to: head(stream, encoding.type, isHttp, lambda), encoding };
  };
  try {
    for await (const chunk of chunks) {
      open ??= begin(chunk);
      await write(open.to, open.encoding.encode(chunk), deadline.signal);
    }
  } catch (error) {
    if (open !== undefined && open.encoding.failure !== "") open.to.write(open.encoding.failure);
    throw error;
  } finally {
    stream.off("error", leave);
    stream.off("close", leave);
  }
  open ??= begin("");
  // The runtime sends the head of a response with the first write.
  open.to.write(open.encoding.end);
  open.to.end();
}

function kindOf(chunk: unknown): "text" | "bytes" | "ndjson" {
  if (typeof chunk === "string") return "text";
  return chunk instanceof Uint8Array ? "bytes" : "ndjson";
}

function head(stream: ResponseStream, type: string, isHttp: boolean, lambda: LambdaGlobal): ResponseStream {
  if (isHttp && lambda.HttpResponseStream !== undefined) {
    const headers = { "content-type": type, "cache-control": "no-cache" };
    return lambda.HttpResponseStream.from(stream, { statusCode: 200, headers });
  }
  stream.setContentType?.(type);
  return stream;
}

/** Writes, and waits when the other side is slower. */
async function write(stream: ResponseStream, chunk: string | Uint8Array, signal: AbortSignal): Promise<void> {
  if (stream.write(chunk)) return;
  await raceWithSignal(new Promise<void>((resolve) => void stream.once("drain", () => resolve())), signal);
}

function json(chunk: unknown): string {
  return JSON.stringify(chunk) ?? "null";
}
