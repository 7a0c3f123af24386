import type { IncomingMessage, ServerResponse } from "node:http";
import { Refusal } from "../refusal.ts";
import { signalsOf } from "./connection-signals.ts";
import type { BodyWriter, Exchange } from "./exchange.ts";

/** An exchange on Node's own `http`: nothing is made that the request does not need. */
export class NodeExchange implements Exchange {
  readonly path: string;
  readonly query: string;
  private controller: AbortController | undefined;
  private isOver = false;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
  ) {
    const url = request.url ?? "/";
    const at = url.indexOf("?");
    this.path = at === -1 ? url : url.slice(0, at);
    this.query = at === -1 ? "" : url.slice(at + 1);
  }

  get method(): string {
    return this.request.method ?? "GET";
  }

  get address(): string {
    return this.request.socket.remoteAddress ?? "";
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  headerNames(): readonly string[] {
    return Object.keys(this.request.headers);
  }

  body(limit: number): Promise<Uint8Array> {
    const { request } = this;
    const announced = Number(request.headers["content-length"] ?? 0);
    if (announced > limit) return Promise.reject(this.tooLarge(limit));
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let size = 0;
      request.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size <= limit) {
          chunks.push(chunk);
          return;
        }
        request.removeAllListeners("data");
        reject(this.tooLarge(limit));
      });
      request.on("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)));
      const cut = (): void => {
        if (!request.complete) reject(new Refusal(400, "The request ended before its body was complete."));
      };
      request.on("close", cut);
    });
  }

  get signal(): AbortSignal {
    this.controller ??= signalsOf(this.request.socket).take();
    return this.controller.signal;
  }

  release(): void {
    if (this.controller !== undefined) signalsOf(this.request.socket).giveBack(this.controller);
  }

  respond(status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array): void {
    const { response } = this;
    if (this.isOver || response.destroyed) return;
    this.isOver = true;
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
    response.writeHead(status, { ...headers, "content-length": length });
    response.end(this.method === "HEAD" ? undefined : body);
  }

  open(status: number, headers: Readonly<Record<string, string>>): BodyWriter {
    this.isOver = true;
    this.response.writeHead(status, headers);
    this.response.flushHeaders();
    return new NodeBodyWriter(this.response);
  }

  /** The refusal of a body that is too large. Its rest is not read, so the connection cannot be used again. */
  private tooLarge(limit: number): Refusal {
    this.request.pause();
    return new Refusal(413, `The body is larger than ${limit} bytes.`, { connection: "close" });
  }
}

class NodeBodyWriter implements BodyWriter {
  constructor(private readonly response: ServerResponse) {
    // A client that goes while something is written is no error of ours.
    response.on("error", () => {});
  }

  get isClosed(): boolean {
    return this.response.destroyed || this.response.writableEnded;
  }

  write(text: string): boolean {
    return this.isClosed || this.response.write(text);
  }

  drained(): Promise<void> {
    const { response } = this;
    if (this.isClosed || !response.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = (): void => {
        response.off("drain", settle);
        response.off("close", settle);
        resolve();
      };
      response.on("drain", settle);
      response.on("close", settle);
    });
  }

  end(): void {
    if (!this.isClosed) this.response.end();
  }
}
