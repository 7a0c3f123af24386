import type { BodyWriter } from "./exchange.ts";
import { WrappedExchange } from "./wrapped-exchange.ts";

/** Remembers the status of the answer, for the log. */
export class WatchedExchange extends WrappedExchange {
  status: number | undefined;

  override respond(status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array): void {
    this.status ??= status;
    super.respond(status, headers, body);
  }

  override open(status: number, headers: Readonly<Record<string, string>>): BodyWriter {
    this.status ??= status;
    return super.open(status, headers);
  }
}
