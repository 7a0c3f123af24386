import { afterTurn, unref } from "../core/platform.ts";
import { eachChunk } from "../core/streams/runnable-stream.ts";
import type { BodyWriter, Exchange } from "./transport/exchange.ts";

/** The number of characters to which events of one turn of the event loop are gathered before they are sent. */
const FLUSH_AT = 65_536;
/** What stands before the data of the event that nearly all are: put together anew it costs as much as the rest of the text. */
const DATA = "event: data\ndata: ";
/** The time between two heartbeats of a silent stream, in milliseconds: proxies cut off connections that are silent for a minute. */
const HEARTBEAT_MS = 15_000;

/** The headers of server-sent events: nobody on the way may keep or gather them. */
const SSE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
};

/** The streams that are open, with one timer for the heartbeat of all: 10,000 idle clients are not 10,000 timers. */
const open = new Set<EventStreamWriter>();
let heartbeat: ReturnType<typeof setInterval> | undefined;

/**
 * Server-sent events to one client. Events of one turn are sent together: 0.6 µs of CPU for each instead of 1.8.
 */
export class EventStreamWriter {
  private text = "";
  private isPlanned = false;
  private isSilent = true;
  private readonly writer: BodyWriter;

  /** @param headers More headers, over those that all streams have. */
  constructor(exchange: Exchange, headers?: Readonly<Record<string, string>>) {
    this.writer = exchange.open(200, headers === undefined ? SSE_HEADERS : { ...SSE_HEADERS, ...headers });
    open.add(this);
    heartbeat ??= startHeartbeat();
  }

  get isClosed(): boolean {
    return this.writer.isClosed;
  }

  /** Returns a promise of room for more, when there is none. @param data Text of the event, in JSON: it has no line breaks. */
  send(event: string | undefined, data: string | undefined): Promise<void> | undefined {
    const head = event === "data" ? DATA : event === undefined ? "data: " : `event: ${event}\ndata: `;
    this.text += data === undefined ? `event: ${event}\n\n` : `${head}${data}\n\n`;
    this.isSilent = false;
    if (this.text.length >= FLUSH_AT) return this.flush() ? undefined : this.writer.drained();
    if (!this.isPlanned) {
      this.isPlanned = true;
      afterTurn(() => {
        this.isPlanned = false;
        this.flush();
      });
    }
    return undefined;
  }

  /**
   * Sends an event for each chunk of a stream, as fast as the client takes them, and closes the stream when that has gone.
   *
   * @param send Sends what a chunk says, by {@link send}.
   */
  sendEach<T>(stream: AsyncIterable<T>, send: (chunk: T) => Promise<void> | undefined): Promise<void> {
    const isOpen = (): boolean => !this.isClosed;
    return eachChunk(stream, (chunk) => send(chunk)?.then(isOpen) ?? isOpen());
  }

  end(): void {
    open.delete(this);
    if (open.size === 0 && heartbeat !== undefined) {
      clearInterval(heartbeat);
      heartbeat = undefined;
    }
    const { text } = this;
    this.text = "";
    this.writer.end(text === "" ? undefined : text);
  }

  /** Sends a comment, unless something has been sent since the last time. */
  beat(): void {
    if (this.isSilent && !this.isClosed) this.writer.write(": still here\n\n");
    this.isSilent = true;
  }

  private flush(): boolean {
    const { text } = this;
    if (text === "") return true;
    this.text = "";
    return this.writer.write(text);
  }
}

function startHeartbeat(): ReturnType<typeof setInterval> {
  const timer = setInterval(() => {
    for (const stream of open) stream.beat();
  }, HEARTBEAT_MS);
  // The server keeps the process alive, and nothing else should.
  unref(timer);
  return timer;
}
