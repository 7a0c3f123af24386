import { notUtf8, Refusal } from "../refusal.ts";
import { clientGone } from "./client-gone.ts";
import type { BodyWriter, Exchange } from "./exchange.ts";

/** The number of characters of a body that wait for its reader before its writer is asked to wait. */
const HIGH_WATER = 16_384;

/** An exchange of web-standard `Request` and `Response`: Bun, Deno, edge platforms, and frameworks on Node. */
export class WebExchange implements Exchange {
  readonly path: string;
  readonly query: string;
  /** Settles with the answer. */
  readonly response: Promise<Response>;
  private answer!: (response: Response) => void;
  status: number | undefined;
  private controller: AbortController | undefined;

  constructor(
    private readonly request: Request,
    readonly address: string,
  ) {
    const { pathname, search } = new URL(request.url);
    this.path = pathname;
    this.query = search.slice(1);
    this.response = new Promise((resolve) => {
      this.answer = resolve;
    });
  }

  get method(): string {
    return this.request.method;
  }

  header(name: string): string | undefined {
    return this.request.headers.get(name) ?? undefined;
  }

  headerNames(): readonly string[] {
    return [...this.request.headers.keys()];
  }

  async text(limit: number): Promise<string> {
    const { body } = this.request;
    if (Number(this.header("content-length") ?? 0) > limit) throw tooLarge(limit);
    if (body === null) return "";
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const parts: string[] = [];
    let size = 0;
    for await (const chunk of body) {
      size += chunk.byteLength;
      if (size > limit) throw tooLarge(limit);
      parts.push(decoded(decoder, chunk));
    }
    parts.push(decoded(decoder));
    return parts.join("");
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      const controller = new AbortController();
      this.controller = controller;
      const { signal } = this.request;
      if (signal.aborted) controller.abort(clientGone());
      else signal.addEventListener("abort", () => controller.abort(clientGone()), { once: true });
    }
    return this.controller.signal;
  }

  release(): void {}

  respond(status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array): void {
    this.status ??= status;
    const isEmpty = status === 204 || status === 304 || this.method === "HEAD";
    this.answer(new Response(isEmpty ? null : (body as string), { status, headers }));
  }

  open(status: number, headers: Readonly<Record<string, string>>): BodyWriter {
    this.status ??= status;
    // Whoever reads has gone when the body is cancelled, which platforms without `request.signal` tell too.
    const writer = new WebBodyWriter(() => {
      void this.signal;
      this.controller?.abort(clientGone());
    });
    this.answer(new Response(writer.body, { status, headers }));
    return writer;
  }
}

class WebBodyWriter implements BodyWriter {
  readonly body: ReadableStream<Uint8Array>;
  isClosed = false;
  private stream!: ReadableStreamDefaultController<Uint8Array>;
  private readonly encoder = new TextEncoder();
  private onRoom: (() => void) | undefined;

  constructor(onCancel: () => void) {
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.stream = controller;
        },
        pull: () => this.onRoom?.(),
        cancel: () => {
          this.isClosed = true;
          onCancel();
          this.onRoom?.();
        },
      },
      { highWaterMark: HIGH_WATER, size: (chunk) => chunk.byteLength },
    );
  }

  write(text: string): boolean {
    if (this.isClosed) return true;
    this.stream.enqueue(this.encoder.encode(text));
    return (this.stream.desiredSize ?? 0) > 0;
  }

  drained(): Promise<void> {
    if (this.isClosed || (this.stream.desiredSize ?? 0) > 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.onRoom = () => {
        this.onRoom = undefined;
        resolve();
      };
    });
  }

  end(text?: string): void {
    if (this.isClosed) return;
    if (text !== undefined) this.write(text);
    this.isClosed = true;
    this.stream.close();
  }
}

function decoded(decoder: InstanceType<typeof TextDecoder>, chunk?: Uint8Array): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch {
    throw notUtf8();
  }
}

function tooLarge(limit: number): Refusal {
  return new Refusal(413, `The body is larger than ${limit} bytes.`);
}
