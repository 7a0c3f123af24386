import { invalidOption } from "../../core/errors/errors.ts";

/** Where a remote runnable is, and how it is asked. */
export interface RemoteRunnableFields {
  /** The address of the chain, without `/invoke`: `https://example.org/summarize`. */
  readonly url: string;
  /** What runs and errors call it. @default "RemoteRunnable" */
  readonly name?: string | undefined;
  /** Headers of every request, or what makes them anew for each: a token that is renewed. @default none */
  readonly headers?:
    | Readonly<Record<string, string>>
    | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>)
    | undefined;
  /** Milliseconds for one request, from its start to the end of its answer. @default no limit */
  readonly timeoutMs?: number | undefined;
  /**
   * How often a request is tried again when it is safe: the server has refused it before it ran anything (429 and 503), or could not be
   * reached at all. Between two tries it waits as long as `Retry-After` says, else from half a second up. @default 2
   */
  readonly retries?: number | undefined;
  /** Inputs of one request when there are many. @default 64 */
  readonly batchSize?: number | undefined;
  /** The keys of a config that are sent. The server takes of them what it allows. @default ["configurable", "tags", "metadata", "runName"] */
  readonly configKeys?: readonly string[] | undefined;
  /** @default the platform's own */
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
