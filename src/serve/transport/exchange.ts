/** One request and its answer, whatever carries them: Node's `http`, or web-standard `Request` and `Response`. */
export interface Exchange {
  readonly method: string;
  /** The path without the query, not decoded. */
  readonly path: string;
  /** The query after the `?`, or `""`. */
  readonly query: string;
  /** The address that stands for the client where no token says who asks. */
  readonly address: string;
  /** A header of the request; `name` in lower case. Of several with one name, the first. */
  header(name: string): string | undefined;
  /** The names of the headers of the request, in lower case. */
  headerNames(): readonly string[];
  /**
   * The whole body, which has to be UTF-8: at once where it is there, as small ones are.
   *
   * @throws Refusal, or rejects with one: 413 when it is longer than `limit` bytes, as soon as that is known; 400 when it ends before it is complete, or is
   *   no UTF-8.
   */
  text(limit: number): string | Promise<string>;
  /** Aborts when the client has gone before the answer was complete. Made when it is first asked for: most answers need none. */
  readonly signal: AbortSignal;
  /** The status of the answer, once there is one. */
  readonly status: number | undefined;
  /** Answers at once with all there is. Nothing happens when the client has gone. */
  respond(status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array): void;
  /** Answers with a body that comes bit by bit. The head goes with its first text, or by itself at the end of the turn. */
  open(status: number, headers: Readonly<Record<string, string>>): BodyWriter;
  /** Nobody works on the answer any more, and nobody keeps the signal: the transport may use it again. */
  release(): void;
}

/** The body of an answer that comes bit by bit. Text written after its end, or after the client has gone, is dropped. */
export interface BodyWriter {
  /** Whether the client has gone or the answer is complete. */
  readonly isClosed: boolean;
  /** Returns whether more may be written now: where it is false, wait for {@link drained}. */
  write(text: string): boolean;
  /** Settles when there is room again, or when nobody reads any more. */
  drained(): Promise<void>;
  /** @param text The last text of the body. @default none */
  end(text?: string): void;
}
