import { invalidOption } from "../core/errors/errors.ts";
import type { AdmissionOptions } from "./admission.ts";
import type { ChatOptions } from "./chat.ts";
import type { ConfigRules } from "./langserve/config.ts";
import type { McpOptions } from "./mcp.ts";
import type { Exchange } from "./transport/exchange.ts";

/** The client that a request comes from, as {@link ServeOptions.authenticate} says. */
export interface Client {
  /** The id of the client: requests with the same id share their turns. */
  readonly id: string;
  /** Values for `config.configurable` of the client's runs, over those that it has sent. @default none */
  readonly configurable?: Readonly<Record<string, unknown>> | undefined;
}

/** A request, as far as an `authenticate` hook may look at it. */
export type AuthenticatedRequest = Pick<Exchange, "method" | "path" | "query" | "address" | "header">;

/** One line of the log. */
export interface RequestLog {
  /** When the request came, as an ISO date. */
  readonly time: string;
  /** The id of the request: its `X-Request-Id`, or a new one. */
  readonly id: string;
  /** The HTTP method. */
  readonly method: string;
  /** The path, without the query. */
  readonly path: string;
  /** The HTTP status; 499 when the client has gone before there was one. */
  readonly status: number;
  /** The time from the request to the end of its answer, in milliseconds. */
  readonly ms: number;
  /** The message of the error behind a status of 500 and more. It goes to the log, never to the client. */
  readonly error?: string | undefined;
}

/** The options of {@link createServer} and {@link createHandler}. */
export interface ServeOptions extends AdmissionOptions, ConfigRules, McpOptions, Pick<ChatOptions, "chatInput"> {
  /** The version that descriptions of the interface name. @default "0.0.0" */
  readonly version?: string | undefined;
  /** The path of a single chain. @default "/" */
  readonly path?: string | undefined;
  /** The largest body, in bytes. @default 1 MiB */
  readonly bodyLimit?: number | undefined;
  /** The number of inputs that one request to `/batch` may have; more are refused with 422 and the type `too_long`. @default 10_000 */
  readonly maxBatchInputs?: number | undefined;
  /** The time limit of one run in milliseconds; a client may ask for less by the header `X-Request-Timeout-Ms`. @default no limit */
  readonly timeout?: number | undefined;
  /** Bearer tokens, one of which a request has to have; several while one is replaced by another. @default anybody may ask */
  readonly tokens?: readonly string[] | undefined;
  /**
   * Says who asks, in the place of `tokens`; undefined refuses the request with 401. It may be async.
   *
   * @default by token, else by address
   */
  readonly authenticate?:
    | ((request: AuthenticatedRequest) => Client | undefined | Promise<Client | undefined>)
    | undefined;
  /** Origins that browsers may ask from; `"*"` for all. @default none: no CORS headers are sent */
  readonly cors?: readonly string[] | undefined;
  /** More figures for `/healthz`, which tells that the server lives: `heartbeat` of `runlane/watchdog`. @default none */
  readonly heartbeat?: (() => object) | undefined;
  /** Called for each request when its answer is complete. What it throws is a warning of the process. @default none */
  readonly onRequest?: ((log: RequestLog) => void) | undefined;
}

export const DEFAULT_BODY_LIMIT = 1 << 20;
export const DEFAULT_MAX_BATCH_INPUTS = 10_000;

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1;

/** The options that are numbers, and what they may be: one that cannot be would let nobody in, or everybody. */
const NUMBERS = {
  maxConcurrency: ["an integer of at least 1, or Infinity", (value) => isCount(value) || value === Infinity],
  maxQueueMs: ["a number of milliseconds from 0 up", (value) => value >= 0],
  bodyLimit: ["an integer of at least 1", isCount],
  maxBatchInputs: ["an integer of at least 1", isCount],
  timeout: ["a number of milliseconds above 0 and up to 2147483647", (value) => value > 0 && value <= 2 ** 31 - 1],
} satisfies { [option in keyof ServeOptions]: readonly [expected: string, isPossible: (value: number) => boolean] };

/** @throws RUNLANE_INVALID_OPTION */
export function checkOptions(options: ServeOptions): void {
  for (const [option, [expected, isPossible]] of Object.entries(NUMBERS)) {
    const value: unknown = options[option as keyof typeof NUMBERS];
    if (value !== undefined && !(typeof value === "number" && isPossible(value)))
      throw invalidOption("createServer", option, expected, value);
  }
}
