import { Backoff } from "../../core/backoff.ts";
import { type RunlaneError, runlaneError } from "../../core/errors/errors.ts";
import { tracing } from "../../core/tracing.ts";
import { wait } from "../../core/wait.ts";
import { DEFAULT_RETRIES, type RemoteRunnableFields } from "./options.ts";

/** The status codes by which a server refuses a request before it has run anything. */
const REFUSED = new Set([429, 503]);
/** The error codes of connections that were never made, so that nothing has been sent. */
const UNREACHED = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]);

const backoff = new Backoff({ initialDelayMs: 500, maxDelayMs: 30_000 });

/** Sends requests to one remote runnable, and tries those again that are safe to try again. */
export class RemoteRequests {
  private readonly base: string;

  constructor(
    private readonly label: string,
    private readonly fields: RemoteRunnableFields,
  ) {
    this.base = fields.url.replace(/\/+$/, "");
  }

  /**
   * The answer to a POST, whose body has not been read.
   *
   * @throws RUNLANE_REMOTE_FAILED, or what `fetch` throws when the server could not be reached
   */
  async post(endpoint: string, body: unknown, given: AbortSignal | undefined): Promise<Response> {
    const { retries = DEFAULT_RETRIES, timeoutMs, fetch: send = fetch } = this.fields;
    const signals = [given, timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)];
    const signal = AbortSignal.any(signals.filter((one) => one !== undefined));
    const text = JSON.stringify(body);
    for (let attempt = 1; ; attempt++) {
      const init = { method: "POST", headers: await this.headers(), body: text, signal };
      let failure: unknown;
      try {
        const response = await send(`${this.base}/${endpoint}`, init);
        if (response.ok) return response;
        failure = await this.failed(endpoint, response);
        if (!REFUSED.has(response.status)) throw failure;
      } catch (error) {
        if (error === failure || !isUnreached(error)) throw error;
        failure = error;
      }
      if (attempt > retries) throw failure;
      await wait(backoff.delayMs(attempt, failure), [signal]);
    }
  }

  private async headers(): Promise<Record<string, string>> {
    const { headers } = this.fields;
    const own = typeof headers === "function" ? await headers() : headers;
    return { "content-type": "application/json", ...tracing.current?.inject(), ...own };
  }

  private async failed(endpoint: string, response: Response): Promise<RunlaneError> {
    const text = (await response.text().catch(() => "")).slice(0, 500);
    const answer = text === "" ? response.statusText : text;
    const details = { where: this.label, url: `${this.base}/${endpoint}`, status: response.status, answer };
    const error = runlaneError("RUNLANE_REMOTE_FAILED", details);
    const seconds = Number(response.headers.get("retry-after"));
    return Number.isFinite(seconds) && seconds > 0 ? Object.assign(error, { retryAfterMs: seconds * 1000 }) : error;
  }
}

function isUnreached(error: unknown): boolean {
  const { cause } = error as { cause?: { code?: unknown } };
  return UNREACHED.has(String(cause?.code));
}
