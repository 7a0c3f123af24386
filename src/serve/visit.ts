import { newRunId } from "../observe/run-id.ts";
import type { Client } from "./options.ts";
import type { Exchange } from "./transport/exchange.ts";

const NOBODY: Client = { id: "" };

/** One request on its way through the service. */
export class Visit {
  /** Who asks, once that is known. */
  client: Client = NOBODY;
  private givenId: string | undefined = undefined;
  /** The config that the path brings, on LangServe's `/c/{hash}/` paths. */
  pathConfig: unknown = undefined;
  /** The error behind an answer that hides it: it is for the log. */
  failure: unknown = undefined;

  /** @param startedAt When the request came; 0 where nobody wants to know. */
  constructor(
    public exchange: Exchange,
    readonly startedAt = 0,
  ) {}

  /** The id of the request, in the log and in answers to what failed: that of its client (`X-Request-Id`), or a new one. */
  get id(): string {
    this.givenId ??= this.exchange.header("x-request-id")?.slice(0, 200) ?? newRunId();
    return this.givenId;
  }
}
