import type { PackOptions } from "../../shipping/data/format.ts";
import { pack, unpack } from "../../shipping/data/pack.ts";
import type { Bytes } from "../broker.ts";
import { fromBytes, toBytes } from "./bytes.ts";
import type { References } from "./references.ts";

/** The options for packing data for other machines, which share no memory with this one. */
export const APART: PackOptions = { shared: false };

/** The common part of all inputs of a chunk. */
export interface ChunkHead {
  /** The export of the pipeline's module that runs the inputs. */
  readonly exportName: string;
  /** The part of the config that is plain data, with the trace that the inputs belong to. */
  readonly config?: unknown;
  /** The time that an input may take from its start, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** How the inputs are found that the chunk has references to; undefined where it has the inputs themselves. */
  readonly references?: References | undefined;
  /** Whether a worker may give back what it has not begun after a while: somebody is there to send it again. @default false */
  readonly mayReturn?: boolean | undefined;
  /** The number of deaths of workers that prove that one of the inputs causes them. */
  readonly deaths?: number | undefined;
}

const LENGTH_BYTES = 4;

/**
 * Makes the bytes of a chunk: its head, with its length in front, and the inputs behind. So who passes it on need not read the inputs.
 *
 * @param inputs The inputs, made ready by {@link packInput}.
 */
export function encodeChunk(head: ChunkHead, inputs: readonly unknown[]): Bytes {
  const config = head.config === undefined ? undefined : pack(head.config, "the config", APART).value;
  const front = toBytes({ ...head, config });
  const back = toBytes(inputs);
  const body = new Uint8Array(LENGTH_BYTES + front.byteLength + back.byteLength);
  new DataView(body.buffer).setUint32(0, front.byteLength);
  body.set(front, LENGTH_BYTES);
  body.set(back, LENGTH_BYTES + front.byteLength);
  return body;
}

/** Makes an input ready to travel. @throws RUNLANE_NOT_SERIALIZABLE */
export function packInput(input: unknown, where: string): unknown {
  return pack(input, where, APART).value;
}

/** Reads the head of a chunk. @throws For bytes that are no chunk. */
export function decodeHead(body: Bytes): ChunkHead {
  const head = fromBytes(body.subarray(LENGTH_BYTES, endOfHead(body))) as ChunkHead;
  return { ...head, config: unpack(head.config) };
}

/** Reads the inputs of a chunk, to be opened one by one, by {@link unpackInput}. @throws For bytes that are no chunk. */
export function decodeInputs(body: Bytes): readonly unknown[] {
  return fromBytes(body.subarray(endOfHead(body))) as unknown[];
}

/** @throws RUNLANE_UNKNOWN_CLASS */
export const unpackInput: (packed: unknown) => unknown = unpack;

function endOfHead({ buffer, byteOffset, byteLength }: Bytes): number {
  return LENGTH_BYTES + new DataView(buffer, byteOffset, byteLength).getUint32(0);
}
