import type { BodyWriter, Exchange } from "./exchange.ts";

/** An exchange around another one, which it forwards everything to. */
export class WrappedExchange implements Exchange {
  constructor(protected readonly inner: Exchange) {}

  get method(): string {
    return this.inner.method;
  }
  get path(): string {
    return this.inner.path;
  }
  get query(): string {
    return this.inner.query;
  }
  get address(): string {
    return this.inner.address;
  }
  get status(): number | undefined {
    return this.inner.status;
  }
  get signal(): AbortSignal {
    return this.inner.signal;
  }

  header(name: string): string | undefined {
    return this.inner.header(name);
  }

  headerNames(): readonly string[] {
    return this.inner.headerNames();
  }

  text(limit: number): string | Promise<string> {
    return this.inner.text(limit);
  }

  respond(status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array): void {
    this.inner.respond(status, headers, body);
  }

  open(status: number, headers: Readonly<Record<string, string>>): BodyWriter {
    return this.inner.open(status, headers);
  }

  release(): void {
    this.inner.release();
  }
}
