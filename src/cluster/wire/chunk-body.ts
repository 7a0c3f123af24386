import type { PackOptions } from "../../shipping/data/format.ts";
import { pack, unpack } from "../../shipping/data/pack.ts";
import type { Bytes } from "../broker.ts";
import { fromBytes, toBytes } from "./bytes.ts";

/** Other machines share no memory with this one. */
export const APART: PackOptions = { shared: false };

/** What all inputs of a chunk have in common. */
export interface ChunkHead {
  /** The export of the pipeline's module that runs the inputs. */
  readonly exportName: string;
  /** The part of the config that is plain data. */
  readonly config?: unknown;
  /** How long an input may take, in milliseconds, from when it starts. */
  readonly timeoutMs?: number | undefined;
  /** How many deaths of workers prove that one of the inputs causes them. */
  readonly deaths?: number | undefined;
  /** Where the trace of the run stands, as W3C's `traceparent`. */
  readonly trace?: string | undefined;
}

/** A chunk as it travels. */
interface ChunkMessage extends ChunkHead {
  readonly inputs: readonly unknown[];
}

/** @param inputs As {@link packInput} has made them. */
export function encodeChunk(head: ChunkHead, inputs: readonly unknown[]): Bytes {
  return toBytes({
    ...head,
    config: head.config === undefined ? undefined : pack(head.config, "the config", APART).value,
    inputs,
  });
}

/** Makes an input ready to travel. @throws RUNLANE_NOT_SERIALIZABLE */
export function packInput(input: unknown, where: string): unknown {
  return pack(input, where, APART).value;
}

/** What a worker reads. Inputs are opened one by one, by {@link unpackInput}. @throws What no chunk of this version is. */
export function decodeChunk(body: Bytes): ChunkMessage {
  const message = fromBytes(body) as ChunkMessage;
  return { ...message, config: unpack(message.config) };
}

/** @throws RUNLANE_UNKNOWN_CLASS */
export const unpackInput: (packed: unknown) => unknown = unpack;
