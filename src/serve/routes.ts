import { toWire } from "../adapters/wire/to-wire.ts";
import type { RunnableConfig } from "../core/config.ts";
import { coerce, toStep } from "../runnables/coerce.ts";
import type { Runnable } from "../runnables/runnable.ts";
import type { RunnableLike } from "../runnables/types.ts";
import { Refusal } from "./refusal.ts";
import { refusalOf } from "./served-chain.ts";
import { EventStreamWriter } from "./sse.ts";
import { WebExchange } from "./transport/web-exchange.ts";

/** The options of a route of one's own. */
export interface RouteOptions extends Partial<Omit<RunnableConfig, "signal">> {
  /** Headers of the answer. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Called with the error of a run, which the client does not get to see. @default none */
  readonly onError?: (error: unknown) => void;
}

/**
 * Answers a request with the stream of a chain, as server-sent events: `data` for each chunk, then `end`, or `error`. For routes of Hono,
 * Next.js and everything else that knows web-standard requests. The run stops when the client goes, and makes no more than the client
 * takes. Streams cannot be resumed: a request with `Last-Event-ID`, which browsers send when they connect again, is answered with 204,
 * after which they stop.
 *
 * @param input The input of the chain, read from the request and checked by the route.
 * @throws RUNLANE_NOT_RUNNABLE
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 * import { toSSE } from "runlane/serve";
 *
 * const words = RunnableLambda.from(async function* (text: string) {
 *   yield* text.split(" ");
 * });
 * const GET = (request: Request) => toSSE(request, words, new URL(request.url).searchParams.get("q") ?? "");
 * const response = await GET(new Request("http://localhost/?q=a+b"));
 * await response.text(); // 'event: data\ndata: "a"\n\nevent: data\ndata: "b"\n\nevent: end\n\n'
 * ```
 */
export function toSSE<In>(
  request: Request,
  chain: RunnableLike<In, unknown>,
  input: In,
  { headers, onError, ...config }: RouteOptions = {},
): Promise<Response> {
  const runnable = runnableOf(chain);
  const exchange = new WebExchange(request, "");
  if (exchange.header("last-event-id") !== undefined) {
    exchange.respond(204, { ...headers }, "");
    return exchange.response;
  }
  void send(exchange, runnable, input, config, headers, onError);
  return exchange.response;
}

/**
 * Answers a request with the output of a chain, as JSON. Errors are answers too: 422 for an input that does not match the
 * chain's types, 504 for a timeout, 503 for a full queue, 500 for everything else. The run stops when the client goes.
 *
 * @throws RUNLANE_NOT_RUNNABLE
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 * import { toResponse } from "runlane/serve";
 *
 * const count = RunnableLambda.from((text: string) => ({ words: text.split(" ").length }));
 * const POST = async (request: Request) => toResponse(request, count, await request.text());
 * const response = await POST(new Request("http://localhost/", { method: "POST", body: "a b c" }));
 * await response.json(); // { words: 3 }
 * ```
 */
export async function toResponse<In>(
  request: Request,
  chain: RunnableLike<In, unknown>,
  input: In,
  { headers, onError, ...config }: RouteOptions = {},
): Promise<Response> {
  const runnable = runnableOf(chain);
  try {
    const output = await runnable.invoke(input, { ...config, signal: request.signal });
    return Response.json(toWire(output) ?? null, headers === undefined ? {} : { headers });
  } catch (error) {
    const { status, detail, headers: own } = refusalOf(error);
    if (!(error instanceof Refusal)) onError?.(error);
    return Response.json({ detail }, { status, headers: { ...headers, ...own } });
  }
}

async function send(
  exchange: WebExchange,
  runnable: Runnable,
  input: unknown,
  config: Partial<RunnableConfig>,
  headers: Readonly<Record<string, string>> | undefined,
  onError: RouteOptions["onError"],
): Promise<void> {
  const writer = new EventStreamWriter(exchange, headers);
  try {
    const stream = await runnable.stream(input, { ...config, signal: exchange.signal });
    await writer.sendEach(stream, (chunk) => writer.send("data", JSON.stringify(toWire(chunk)) ?? "null"));
    void writer.send("end", undefined);
  } catch (error) {
    if (writer.isClosed) return;
    onError?.(error);
    const { status, detail } = refusalOf(error);
    const message = typeof detail === "string" ? detail : JSON.stringify(detail);
    void writer.send("error", JSON.stringify({ status_code: status, message }));
  } finally {
    writer.end();
  }
}

function runnableOf(chain: unknown): Runnable {
  return toStep(coerce(chain, "The chain of a route")) as unknown as Runnable;
}
