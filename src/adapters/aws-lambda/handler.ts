import type { RunnableConfig } from "../../core/config.ts";
import { describe, runlaneError } from "../../core/errors/errors.ts";
import { raceWithSignal } from "../../core/signal.ts";
import { coerce, toStep } from "../../runnables/coerce.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import type { RunnableLike } from "../../runnables/types.ts";
import { Deadline } from "./deadline.ts";
import {
  BadRequest,
  type HttpResponse,
  header,
  inFormOf,
  inputOfRequest,
  isHttpEvent,
  refusal,
  responseOf,
} from "./http-event.ts";
import { inputOfRecord, isQueueEvent, type QueueRecord } from "./queue-event.ts";
import { respondStreaming, type StreamFormat } from "./respond-streaming.ts";
import { runQueue } from "./run-queue.ts";
import type { LambdaContext, LambdaGlobal, LambdaHandler, ResponseStream } from "./types.ts";
import { WarmUp } from "./warm-up.ts";
import "../../runnables/kinds/all.ts";

/** The options for records of queues and streams. */
export interface QueueOptions {
  /** Makes the input of one record. @default JSON is parsed, other text is taken as it is; a record of DynamoDB is the input itself */
  readonly input?: ((record: QueueRecord) => unknown) | undefined;
  /** The number of records that run at once. @default all that came, those of one group or key one after the other */
  readonly maxConcurrency?: number | undefined;
  /** Called for each record that failed. @default writes the error to standard error, which is the function's log */
  readonly onFailure?: ((error: unknown, record: QueueRecord) => void) | undefined;
}

/** The options of {@link handler}. */
export interface HandlerOptions {
  /** Loads everything that the chain uses before the first call. @default true */
  readonly warm?: boolean | undefined;
  /**
   * Streams responses where the runtime can: `true` writes text as it is and anything else as one JSON value per line, `"sse"` writes
   * server-sent events, `"ndjson"` lines. @default false
   */
  readonly stream?: boolean | StreamFormat | undefined;
  /** Makes the input of a call. @default the event; of an HTTP request its body, or the parameters of its URL */
  readonly input?: ((event: unknown, context: LambdaContext | undefined) => unknown) | undefined;
  /** Makes the response of an output, or of a chunk when streaming. @default the output; as an HTTP response where one is expected */
  readonly output?: ((output: unknown, event: unknown) => unknown) | undefined;
  /** The options for records of SQS, Kinesis and DynamoDB; `false` makes the whole event one input. @default each record is an input */
  readonly queue?: QueueOptions | false | undefined;
  /** The time before the end of the function's time at which a call is ended, in milliseconds. @default 500 */
  readonly marginMs?: number | undefined;
}

const STREAMS: ReadonlySet<unknown> = new Set([undefined, false, true, "sse", "ndjson"]);

/**
 * Makes an AWS Lambda function of a chain.
 *
 * - Resources load, and workers start, when the function is made. Wait for `handler.ready` to have that done in the init phase. A load
 *   that failed fails the first call, and the next call tries again.
 * - A call ends with a `TimeoutError` `marginMs` before the function's time is up.
 * - Requests of function URLs, API Gateway and load balancers are read and answered as HTTP.
 * - Records of SQS, Kinesis and DynamoDB streams run as a batch, and the failed ones are named in the answer. The event source has to
 *   ask for that (`ReportBatchItemFailures`); without it, AWS takes failed records as done.
 *
 * @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_OPTION
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 * import { handler as serve } from "runlane/aws-lambda";
 *
 * export const handler = serve(RunnableLambda.from(({ text }: { text: string }) => text.split(" ").length));
 * await handler.ready;
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: a chain of any types
export function handler(chain: RunnableLike<any, any>, options: HandlerOptions = {}): LambdaHandler {
  const { warm = true, stream, marginMs = 500, queue = {} } = options;
  check(options);
  const runnable = toStep(coerce(chain, "The chain of a handler")) as unknown as Runnable<unknown, unknown>;
  const warmUp = new WarmUp(warm ? runnable : undefined);
  const lambda = (globalThis as { awslambda?: LambdaGlobal }).awslambda;

  const withDeadline = async <T>(
    context: LambdaContext | undefined,
    run: (deadline: Deadline) => Promise<T>,
  ): Promise<T> => {
    const deadline = new Deadline(context, marginMs);
    try {
      await raceWithSignal(warmUp.wait(), deadline.signal);
      return await run(deadline);
    } finally {
      deadline.clear();
    }
  };
  const answer = async (
    event: unknown,
    context: LambdaContext | undefined,
    config: Partial<RunnableConfig>,
  ): Promise<unknown> => {
    if (queue !== false && isQueueEvent(event)) {
      const { input: inputOf = inputOfRecord, maxConcurrency, onFailure = log } = queue;
      return await runQueue(runnable, event.Records, { inputOf, maxConcurrency, onFailure, config });
    }
    const output = await runnable.invoke(await inputOf(event, context, options), config);
    if (options.output !== undefined) return await options.output(output, event);
    return isHttpEvent(event) ? inFormOf(event, responseOf(output)) : output;
  };
  const buffered = (event: unknown, context?: LambdaContext): Promise<unknown> =>
    withDeadline(context, (deadline) => answer(event, context, { signal: deadline.signal })).catch((error) =>
      inFormOf(event, refuse(error)),
    );

  const streamed = async (event: unknown, responseStream: ResponseStream, context: LambdaContext): Promise<void> => {
    // Connections that steps hold open would keep the next call from being taken.
    context.callbackWaitsForEmptyEventLoop = false;
    const isHttp = isHttpEvent(event);
    await withDeadline(context, async (deadline) => {
      const config = { signal: deadline.signal };
      const format = typeof stream === "string" ? stream : accepted(event);
      const chunks =
        queue !== false && isQueueEvent(event)
          ? one(answer(event, context, config))
          : mapped(await runnable.stream(await inputOf(event, context, options), config), event, options);
      await respondStreaming(chunks, responseStream, { format, isHttp, deadline, lambda: lambda! });
    }).catch((error: unknown) => {
      const { statusCode, headers, body } = refuse(error);
      const to = lambda!.HttpResponseStream?.from(responseStream, { statusCode, headers }) ?? responseStream;
      to.write(body);
      to.end();
    });
  };
  const made = stream && lambda !== undefined ? lambda.streamifyResponse(streamed) : buffered;
  return Object.assign(made, { ready: warmUp.ready });
}

function check({ stream, marginMs, queue }: HandlerOptions): void {
  const refuse = (option: string, expected: string, received: unknown) =>
    runlaneError("RUNLANE_INVALID_OPTION", { where: "handler", option, expected, received: describe(received) });
  if (!STREAMS.has(stream)) throw refuse("stream", 'true, false, "sse" or "ndjson"', stream);
  if (marginMs !== undefined && !(typeof marginMs === "number" && marginMs >= 0))
    throw refuse("marginMs", "a number of milliseconds from 0 up", marginMs);
  if (queue !== undefined && queue !== false && (typeof queue !== "object" || queue === null))
    throw refuse("queue", "an object of options or false", queue);
  const { maxConcurrency = 1 } = queue || {};
  if (!(Number.isInteger(maxConcurrency) && maxConcurrency >= 1))
    throw refuse("queue.maxConcurrency", "a whole number from 1 up", maxConcurrency);
}

function inputOf(event: unknown, context: LambdaContext | undefined, { input }: HandlerOptions): unknown {
  if (input !== undefined) return input(event, context);
  return isHttpEvent(event) ? inputOfRequest(event) : event;
}

/** The answer to a request that cannot be read. Any other error is thrown: it is the function's. */
function refuse(error: unknown): HttpResponse {
  if (error instanceof BadRequest) return refusal(error);
  throw error;
}

/** The format that a client asks for by its Accept header. */
function accepted(event: unknown): StreamFormat | undefined {
  const accept = isHttpEvent(event) ? header(event, "accept") : undefined;
  return accept?.includes("text/event-stream") === true ? "sse" : undefined;
}

async function* mapped(chunks: AsyncIterable<unknown>, event: unknown, { output }: HandlerOptions) {
  for await (const chunk of chunks) yield output === undefined ? chunk : await output(chunk, event);
}

async function* one(value: Promise<unknown>) {
  yield await value;
}

function log(error: unknown, { eventSource, messageId, kinesis, dynamodb }: QueueRecord): void {
  const id = messageId ?? kinesis?.sequenceNumber ?? dynamodb?.SequenceNumber;
  console.error(`runlane: the record ${id} of ${eventSource} failed:`, error);
}
