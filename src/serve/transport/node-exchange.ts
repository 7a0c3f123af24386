import { isUtf8 } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import { afterTurn } from "../../core/platform.ts";
import { notUtf8, Refusal } from "../refusal.ts";
import { type ConnectionSignals, signalsOf } from "./connection-signals.ts";
import type { BodyWriter, Exchange } from "./exchange.ts";

/** An exchange on Node's own `http`: nothing is made that the request does not need. */
export class NodeExchange implements Exchange {
  readonly path: string;
  readonly query: string;
  private signals: ConnectionSignals | undefined = undefined;
  private controller: AbortController | undefined = undefined;
  status: number | undefined = undefined;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
  ) {
    const target = request.url ?? "/";
    const url = target.charCodeAt(0) === SLASH ? target : originForm(target);
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

  text(limit: number): string | Promise<string> {
    const { request } = this;
    const announced = Number(this.header("content-length") ?? 0);
    if (announced > limit) throw this.tooLarge(limit);
    // A small body comes together with its head: neither events nor listeners are needed. To read it reads its end as well.
    if (announced > 0 && request.readableLength === announced && request.complete) return textOf(request.read());
    return this.gathered(limit).then(textOf);
  }

  private gathered(limit: number): Promise<Buffer> {
    const { request } = this;
    // A client that went while somebody thought about who it is has been told of already.
    if (request.destroyed && !request.complete) return Promise.reject(cutOff());
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
      request.on("end", () => resolve(Buffer.concat(chunks, size)));
      request.on("close", () => {
        if (!request.complete) reject(cutOff());
      });
    });
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.signals = signalsOf(this.request.socket);
      this.controller = this.signals.take();
    }
    return this.controller.signal;
  }

  release(): void {
    if (this.controller !== undefined) this.signals!.giveBack(this.controller);
  }

  respond(status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array): void {
    const { response } = this;
    if (this.status !== undefined || hasGone(response, this.request)) return;
    this.status = status;
    // A list: to copy the object and add a key to it costs ten times as much.
    const list: (string | number)[] = [];
    for (const name in headers) if (name !== "content-length") list.push(name, headers[name]!);
    // An answer without content has no length.
    if (status !== 204)
      list.push("content-length", typeof body === "string" ? Buffer.byteLength(body) : body.byteLength);
    response.writeHead(status, list as string[]);
    response.end(this.method === "HEAD" ? undefined : body);
  }

  open(status: number, headers: Readonly<Record<string, string>>): BodyWriter {
    this.status = status;
    this.response.writeHead(status, headers);
    return new NodeBodyWriter(this.response, this.request);
  }

  /** The refusal of a body that is too large. Its rest is not read, so the connection cannot be used again. */
  private tooLarge(limit: number): Refusal {
    this.request.pause();
    return new Refusal(413, `The body is larger than ${limit} bytes.`, { connection: "close" });
  }
}

const SLASH = 47;

/** The path and query of a request that names the server as well, as those to a proxy do: a server has to take it (RFC 9112, 3.2.2). */
function originForm(target: string): string {
  const rest = target.replace(/^https?:\/\/[^/?]*/i, "");
  return rest === "" || rest.startsWith("?") ? `/${rest}` : rest;
}

/** @throws Refusal 400 when the bytes are not UTF-8. */
function textOf(bytes: Buffer): string {
  const text = bytes.toString();
  // The character that stands for bytes that are no text may also have been sent.
  if (text.includes("\ufffd") && !isUtf8(bytes)) throw notUtf8();
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** Whether nobody waits for an answer any more: the connection is closed, or about to be. */
function hasGone(response: ServerResponse, { socket }: IncomingMessage): boolean {
  return response.destroyed || socket.writableEnded;
}

function cutOff(): Refusal {
  return new Refusal(400, "The request ended before its body was complete.");
}

class NodeBodyWriter implements BodyWriter {
  private hasBegun = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly request: IncomingMessage,
  ) {
    afterTurn(() => {
      if (!this.hasBegun && !this.isClosed) response.flushHeaders();
    });
    // A client that goes while something is written is no error of ours.
    response.on("error", nothing);
  }

  get isClosed(): boolean {
    return this.response.writableEnded || hasGone(this.response, this.request);
  }

  write(text: string): boolean {
    this.hasBegun = true;
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

  end(text?: string): void {
    if (!this.isClosed) this.response.end(text);
  }
}

function nothing(): void {}
