import type { BodyWriter, Exchange } from "./transport/exchange.ts";
import { WrappedExchange } from "./transport/wrapped-exchange.ts";

/** Lets origins read answers in a browser (the CORS protocol of the Fetch standard). */
export class Cors {
  private readonly allowsAll: boolean;

  constructor(private readonly origins: readonly string[]) {
    this.allowsAll = origins.includes("*");
  }

  /** Answers the request that a browser sends before the request itself; false when it is another one. */
  preflight(exchange: Exchange): boolean {
    if (exchange.header("access-control-request-method") === undefined) return false;
    const headers = this.headersFor(exchange);
    exchange.respond(
      headers === undefined ? 403 : 204,
      headers === undefined
        ? {}
        : {
            ...headers,
            "access-control-allow-methods": "GET, POST",
            "access-control-allow-headers":
              exchange.header("access-control-request-headers") ?? "content-type, authorization",
            "access-control-max-age": "600",
          },
      "",
    );
    return true;
  }

  /** The same exchange, whose answer the origin may read. */
  allow(exchange: Exchange): Exchange {
    const extra = this.headersFor(exchange);
    return extra === undefined ? exchange : new WithHeaders(exchange, extra);
  }

  private headersFor(exchange: Exchange): Record<string, string> | undefined {
    const origin = exchange.header("origin");
    if (origin === undefined || !(this.allowsAll || this.origins.includes(origin))) return undefined;
    return { "access-control-allow-origin": this.allowsAll ? "*" : origin, vary: "origin" };
  }
}

class WithHeaders extends WrappedExchange {
  constructor(
    exchange: Exchange,
    private readonly extra: Readonly<Record<string, string>>,
  ) {
    super(exchange);
  }

  override respond(status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array): void {
    super.respond(status, { ...headers, ...this.extra }, body);
  }

  override open(status: number, headers: Readonly<Record<string, string>>): BodyWriter {
    return super.open(status, { ...headers, ...this.extra });
  }
}
