import { Readable } from "node:stream";
import * as zlib from "node:zlib";
import { CliError, messageOf } from "../cli-error.ts";

type Chunks = AsyncIterable<Buffer>;

const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

/** From Node 22.15 on. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => NodeJS.ReadWriteStream };

/**
 * Decompresses what begins as gzip or Zstandard does, whatever it is called, as it comes; anything else passes as it is.
 *
 * @throws CliError RUNLANE_CLI_INPUT when it is damaged, or when this Node cannot.
 */
export async function* unpack(chunks: Chunks, name: string): AsyncGenerator<Buffer, void, undefined> {
  const iterator = chunks[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let isOver = false;
  while (head.length < ZSTD.length && !isOver) {
    const { done, value } = await iterator.next();
    if (done) isOver = true;
    else head = Buffer.concat([head, value]);
  }
  const rest = continued(head, iterator);
  if (startsWith(head, GZIP)) yield* through(zlib.createGunzip(), rest, name, "gzip");
  else if (!startsWith(head, ZSTD)) yield* rest;
  else if (createZstdDecompress !== undefined) yield* through(createZstdDecompress(), rest, name, "Zstandard");
  else {
    const message = `${name} is compressed by Zstandard, which Node ${process.versions.node} cannot read (22.15 and newer can); unpack it: zstd -dc ${name} | runlane ... --input -`;
    throw new CliError("RUNLANE_CLI_INPUT", message);
  }
}

async function* continued(head: Buffer, iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  try {
    if (head.length > 0) yield head;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}

async function* through(
  decompress: NodeJS.ReadWriteStream,
  packed: Chunks,
  name: string,
  format: string,
): AsyncGenerator<Buffer, void, undefined> {
  let failed: unknown;
  // Chunks are copied, since their memory is used again before the stream has taken them.
  const source = Readable.from(copied(packed), { objectMode: false });
  source.on("error", (error) => {
    failed = error;
    (decompress as unknown as Readable).destroy(error);
  });
  source.pipe(decompress);
  try {
    for await (const chunk of decompress) yield chunk as unknown as Buffer;
  } catch (error) {
    if (failed !== undefined) throw failed;
    const message = `cannot unpack ${name} (${format}): ${messageOf(error)}; it is damaged, or cut off`;
    throw new CliError("RUNLANE_CLI_INPUT", message, { cause: error });
  } finally {
    source.destroy();
  }
}

async function* copied(chunks: Chunks): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of chunks) yield Buffer.from(chunk);
}

function startsWith(head: Buffer, magic: readonly number[]): boolean {
  return head.length >= magic.length && magic.every((byte, at) => head[at] === byte);
}
