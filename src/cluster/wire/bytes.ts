import { deserialize, serialize } from "node:v8";
import type { Bytes } from "../broker.ts";

/** Values as bytes, and back. What is in them has been packed, so that nothing but data is read. */
export function toBytes(value: unknown): Bytes {
  return serialize(value);
}

export function fromBytes(bytes: Bytes): unknown {
  return deserialize(bytes);
}
