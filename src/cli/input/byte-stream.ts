import { type BigIntStats, closeSync, fstatSync, openSync, read } from "node:fs";
import { Socket } from "node:net";
import { promisify } from "node:util";
import { CliError, systemCause } from "../cli-error.ts";
import { absolutePath, displayName } from "../paths.ts";

const CHUNK_BYTES = 128 * 1024;
const readFd = promisify(read);

/** Chunks of bytes in order. A chunk is valid until the next one is asked for: its memory may be used again. */
export interface ByteStream {
  readonly name: string;
  /** From 0 to 1, where the size is known. */
  readonly fraction?: () => number;
  chunks(): AsyncGenerator<Buffer, void, undefined>;
  close(): void;
}

/** Opens a file, so that one that is missing or not allowed is found out before anything is written. */
export function openFile(path: string): ByteStream {
  const name = displayName(path);
  try {
    const fd = openSync(absolutePath(path), "r");
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isDirectory()) return isPipe(stats) ? streamPipe(name, fd) : streamFile(name, fd, Number(stats.size));
    closeSync(fd);
  } catch (error) {
    throw new CliError("RUNLANE_CLI_INPUT", `cannot read the input ${name}: ${systemCause(error)}`, { cause: error });
  }
  throw new CliError(
    "RUNLANE_CLI_INPUT",
    `the input ${name} is a folder; use --files "${name}/**/*.md" to run over files`,
  );
}

/** Standard input. */
export function openStdin(): ByteStream {
  return {
    name: "stdin",
    chunks: () => iterate(process.stdin),
    close: () => void process.stdin.destroy(),
  };
}

function isPipe(stats: BigIntStats): boolean {
  return stats.isFIFO() || stats.isSocket();
}

/** Reads a file with one buffer: reading 2 GB leaves no garbage but the lines. */
function streamFile(name: string, fd: number, sizeBytes: number): ByteStream {
  let bytesRead = 0;
  let reading = false;
  let open = true;
  let wanted = true;
  const close = () => {
    wanted = false;
    // A descriptor that is closed under a read may be somebody else's by the time the read gets to it.
    if (!open || reading) return;
    open = false;
    closeSync(fd);
  };
  async function* chunks(): AsyncGenerator<Buffer, void, undefined> {
    const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    try {
      while (wanted) {
        reading = true;
        const { bytesRead: length } = await readFd(fd, buffer, 0, buffer.length, null);
        reading = false;
        if (length === 0) return;
        bytesRead += length;
        yield buffer.subarray(0, length);
      }
    } finally {
      reading = false;
      close();
    }
  }
  const stream = { name, chunks, close };
  return sizeBytes > 0 ? { ...stream, fraction: () => Math.min(1, bytesRead / sizeBytes) } : stream;
}

/**
 * A named pipe, or the `/dev/fd/63` of a shell's `<(command)`. It is read as a socket, since a blocked read of a file
 * occupies a thread that keeps the process from exiting.
 */
function streamPipe(name: string, fd: number): ByteStream {
  const socket = new Socket({ fd, readable: true, writable: false });
  return { name, chunks: () => iterate(socket), close: () => void socket.destroy() };
}

async function* iterate(stream: NodeJS.ReadableStream): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of stream) yield chunk as unknown as Buffer;
}
