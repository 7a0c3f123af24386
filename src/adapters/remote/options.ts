import { invalidOption } from "../../core/errors/errors.ts";

/** The fields that a {@link RemoteRunnable} is constructed from: where it is, and how it is asked. */
export interface RemoteRunnableFields {
  /** The address of the chain, without `/invoke`: `https://example.org/summarize`. */
  readonly url: string;
  /** The name of the runnable in runs and errors. @default "RemoteRunnable" */
  readonly name?: string | undefined;
  /** Headers of every request, or a function that makes them for each: a token that is renewed. @default none */
  readonly headers?:
    | Readonly<Record<string, string>>
    | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>)
    | undefined;
  /** The time limit of one request, from its start to the end of its answer, in milliseconds. @default no limit */
  readonly timeoutMs?: number | undefined;
  /**
   * The number of times that a request is tried again when that is safe: the server has refused it before it ran anything (429 and 503), or
   * could not be reached at all. Between two tries it waits as long as `Retry-After` says, else from half a second up. @default 2
   */
  readonly retries?: number | undefined;
  /** The number of inputs in one request when there are many. @default 64 */
  readonly batchSize?: number | undefined;
  /** The keys of a config that are sent. The server takes those that it allows. @default ["configurable", "tags", "metadata", "runName"] */
  readonly configKeys?: readonly string[] | undefined;
  /** The function that sends requests. @default the platform's `fetch` */
  readonly fetch?: typeof fetch | undefined;
}

export const DEFAULT_RETRIES = 2;
export const DEFAULT_BATCH_SIZE = 64;
export const DEFAULT_CONFIG_KEYS: readonly string[] = ["configurable", "tags", "metadata", "runName"];

/** @throws RUNLANE_INVALID_OPTION */
export function checkFields({ url, timeoutMs, retries, batchSize }: RemoteRunnableFields): void {
  const where = "RemoteRunnable";
  if (typeof url !== "string" || !URL.canParse(url) || !/^https?:/.test(url)) {
    throw invalidOption(where, "url", "an http or https address", url);
  }
  if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= 2 ** 31 - 1)) {
    throw invalidOption(where, "timeoutMs", "a number of milliseconds above 0", timeoutMs);
  }
  if (retries !== undefined && !(Number.isInteger(retries) && retries >= 0)) {
    throw invalidOption(where, "retries", "a whole number of at least 0", retries);
  }
  if (batchSize !== undefined && !(Number.isInteger(batchSize) && batchSize >= 1)) {
    throw invalidOption(where, "batchSize", "a whole number of at least 1", batchSize);
  }
}
