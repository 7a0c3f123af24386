import type { PackOptions } from "../../shipping/data/format.ts";
import { pack, unpack } from "../../shipping/data/pack.ts";
import type { Bytes } from "../broker.ts";
import { fromBytes, toBytes } from "./bytes.ts";

/** The options for packing data for other machines, which share no memory with this one. */
export const APART: PackOptions = { shared: false };

/** The common part of all inputs of a chunk. */
export interface ChunkHead {
  /** The export of the pipeline's module that runs the inputs. */
  readonly exportName: string;
  /** The part of the config that is plain data. */
  readonly config?: unknown;
  /** The time that an input may take from its start, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** The number of deaths of workers that prove that one of the inputs causes them. */
  readonly deaths?: number | undefined;
  /** The trace of the run, as W3C's `traceparent`. */
  readonly trace?: string | undefined;
}

/** A chunk as it travels. */
interface ChunkMessage extends ChunkHead {
  readonly inputs: readonly unknown[];
}

/** Makes the bytes of a chunk. @param inputs The inputs, made ready by {@link packInput}. */
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

/** Reads the bytes of a chunk. Inputs are opened one by one, by {@link unpackInput}. @throws For bytes that are no chunk of this version. */
export function decodeChunk(body: Bytes): ChunkMessage {
  const message = fromBytes(body) as ChunkMessage;
  return { ...message, config: unpack(message.config) };
}

/** @throws RUNLANE_UNKNOWN_CLASS */
export const unpackInput: (packed: unknown) => unknown = unpack;
