type V8 = Pick<typeof import("node:v8"), "serialize" | "deserialize">;

/**
 * How messages between processes are written: four bytes that are always the same, four that say how many follow, then what
 * `v8.serialize` makes of the message.
 */

/** The file descriptors of a worker process for messages in and out. Nobody else knows of them: `process.send` is the user's affair. */
export const INBOX = 3;
export const OUTBOX = 4;
/** The file descriptor to which a thread beside the work writes a byte: now and then while there is work, and once when it is up. */
export const PULSE = 5;
/** The byte that is written there once if there is no such thread. */
export const NO_PULSE = 2;

const HEADER = 8;
/** The first four bytes of each message. Where they are missing, somebody else has written. */
const MARK = 0x6e61_6c52;
/** Messages of more bytes are written in two parts: copying them would take longer than writing a second part. */
const MAX_COPIED_BYTES = 65_536;

/** A stream to which frames are written. */
export interface FrameSink {
  cork(): void;
  uncork(): void;
  write(bytes: Uint8Array, done?: (error?: Error | null) => void): boolean;
}

/**
 * Writes a message.
 *
 * @param done Called once the message has been handed over, or cannot be.
 * @throws What `v8.serialize` throws for a value that cannot be sent. Nothing has been written then.
 */
export function writeFrame(
  { serialize }: V8,
  sink: FrameSink,
  message: unknown,
  done?: (error?: Error | null) => void,
): void {
  const body = serialize(message);
  const header = Buffer.allocUnsafe(HEADER);
  header.writeUInt32LE(MARK);
  header.writeUInt32LE(body.byteLength, 4);
  if (body.byteLength < MAX_COPIED_BYTES) {
    sink.write(Buffer.concat([header, body]), done);
    return;
  }
  sink.cork();
  sink.write(header);
  sink.write(body, done);
  sink.uncork();
}

/** Puts messages together from the bytes that arrive. */
export class FrameReader {
  private parts: Buffer[] = [];
  private held = 0;
  /** The number of bytes that the next message needs, as far as is known. */
  private needed = HEADER;
  private isBroken = false;

  /**
   * @param onMessage Told of each message.
   * @param onBroken Told once if one cannot be read. None is read after it.
   */
  constructor(
    private readonly v8: V8,
    private readonly onMessage: (message: unknown) => void,
    private readonly onBroken: (error: unknown) => void,
  ) {}

  push(bytes: Buffer): void {
    if (this.isBroken) return;
    this.parts.push(bytes);
    this.held += bytes.byteLength;
    if (this.held >= this.needed) this.read(this.parts.length === 1 ? bytes : Buffer.concat(this.parts));
  }

  private read(bytes: Buffer): void {
    let at = 0;
    while (!this.isBroken) {
      const left = bytes.byteLength - at;
      this.needed = HEADER;
      if (left < HEADER) break;
      if (bytes.readUInt32LE(at) !== MARK) {
        this.fail(new Error("Something else than messages was written to the channel of the worker."));
        break;
      }
      this.needed += bytes.readUInt32LE(at + 4);
      if (left < this.needed) break;
      const end = at + this.needed;
      this.deliver(bytes.subarray(at + HEADER, end));
      at = end;
    }
    this.parts = at < bytes.byteLength ? [bytes.subarray(at)] : [];
    this.held = bytes.byteLength - at;
  }

  private deliver(body: Buffer): void {
    let message: unknown;
    try {
      message = this.v8.deserialize(body);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.onMessage(message);
  }

  private fail(error: unknown): void {
    this.isBroken = true;
    this.onBroken(error);
  }
}
