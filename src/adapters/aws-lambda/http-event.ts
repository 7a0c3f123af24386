import { setOwn } from "../../core/own.ts";

/** An HTTP request as function URLs, API Gateway (both formats) and load balancers send it, as far as Runlane reads it. */
export interface HttpEvent {
  /** The mark of HTTP requests: facts of the service that sends them. */
  readonly requestContext: object;
  /** The headers of the request, by name. */
  readonly headers?: Readonly<Record<string, string | undefined>> | null;
  /** The parameters of the URL, by name. */
  readonly queryStringParameters?: Readonly<Record<string, string | undefined>> | null;
  /** The headers as lists: load balancers send them instead of `headers` where they are set to, API Gateway besides them. */
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null;
  /** The parameters of the URL as lists, sent like {@link multiValueHeaders}. */
  readonly multiValueQueryStringParameters?: Readonly<Record<string, readonly string[] | undefined>> | null;
  /** The body, as text or in base64; null without one. */
  readonly body?: string | null;
  /** Whether the body is in base64. */
  readonly isBase64Encoded?: boolean;
}

/** An HTTP response, in the form that all of them take. */
export interface HttpResponse {
  /** The HTTP status. */
  readonly statusCode: number;
  /** The headers of the response, by name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The headers as lists, for load balancers that send them so: they read nothing else. */
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  /** The body, as text or in base64. */
  readonly body: string;
  readonly isBase64Encoded?: boolean;
}

/** A body that cannot be read: the caller's mistake, and answered with 400. */
export class BadRequest extends Error {}

/** Bodies that are text, though they may come in base64. */
const TEXT_TYPE = /^(?:text\/|application\/(?:[\w.-]+\+)?xml\b|application\/x-www-form-urlencoded\b)/i;
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\b/i;

/** Whether an event is an HTTP request. */
export function isHttpEvent(event: unknown): event is HttpEvent {
  if (typeof event !== "object" || event === null) return false;
  const { requestContext, httpMethod } = event as { requestContext?: unknown; httpMethod?: unknown };
  if (typeof requestContext !== "object" || requestContext === null) return false;
  // The second format of API Gateway, which function URLs share, has `http`; the first one and load balancers say the method.
  return "http" in requestContext || typeof httpMethod === "string";
}

/**
 * The input in a request: its body, JSON parsed, text as it is, anything else as bytes; without a body the parameters of its URL.
 *
 * @throws BadRequest
 */
export function inputOfRequest(event: HttpEvent): unknown {
  const { body, isBase64Encoded } = event;
  if (body === undefined || body === null || body === "") return parametersOf(event);
  const type = header(event, "content-type") ?? "application/json";
  const isJson = JSON_TYPE.test(type);
  if (isBase64Encoded === true && !isJson && !TEXT_TYPE.test(type)) return new Uint8Array(Buffer.from(body, "base64"));
  const text = isBase64Encoded === true ? Buffer.from(body, "base64").toString("utf8") : body;
  if (!isJson) return text;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadRequest(`The body of the request is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** A header of a request, whose names some senders write in capitals. */
export function header(event: HttpEvent, name: string): string | undefined {
  const isIt = ([key]: readonly [string, unknown]) => key.toLowerCase() === name;
  const single = Object.entries(event.headers ?? {}).find(isIt)?.[1];
  // Several lines of one header mean the same as their values in one, with commas between.
  return (
    single ??
    Object.entries(event.multiValueHeaders ?? {})
      .find(isIt)?.[1]
      ?.join(", ")
  );
}

/** The parameters of the URL; one that stands there several times is a list of its values. */
function parametersOf({ queryStringParameters, multiValueQueryStringParameters }: HttpEvent): Record<string, unknown> {
  const parameters: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(queryStringParameters ?? {})) setOwn(parameters, name, value);
  for (const [name, values] of Object.entries(multiValueQueryStringParameters ?? {}))
    if (values !== undefined) setOwn(parameters, name, values.length === 1 ? values[0] : values);
  return parameters;
}

/** An output as an HTTP response: text as text, bytes as bytes, anything else as JSON. */
export function responseOf(output: unknown, statusCode = 200): HttpResponse {
  if (output === undefined) return { statusCode: 204, headers: {}, body: "" };
  if (typeof output === "string") return response(statusCode, "text/plain; charset=utf-8", output);
  if (output instanceof Uint8Array) {
    const body = Buffer.from(output.buffer, output.byteOffset, output.byteLength).toString("base64");
    return { ...response(statusCode, "application/octet-stream", body), isBase64Encoded: true };
  }
  return response(statusCode, "application/json", JSON.stringify(output));
}

/** The answer to a request that could not be read. */
export function refusal(error: BadRequest): HttpResponse {
  return responseOf({ error: { message: error.message } }, 400);
}

function response(statusCode: number, type: string, body: string): HttpResponse {
  return { statusCode, headers: { "content-type": type }, body };
}

/** A response in the form of its request: a load balancer that sends headers as lists reads nothing else. */
export function inFormOf(event: unknown, answer: HttpResponse): HttpResponse {
  if (!isHttpEvent(event) || !event.multiValueHeaders || event.headers) return answer;
  const lists = Object.entries(answer.headers).map(([name, value]) => [name, [value]] as const);
  return { ...answer, multiValueHeaders: Object.fromEntries(lists) };
}
