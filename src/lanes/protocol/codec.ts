import type { PackOptions } from "../../shipping/data/format.ts";
import { explainFailure, pack, packError, unpack, unpackError } from "../../shipping/data/pack.ts";

/** The parent's side of shipping: how inputs leave, and how outputs and errors arrive. */

/**
 * @param transfer The list to which buffers that move, instead of being copied, are added.
 * @throws RUNLANE_NOT_SERIALIZABLE
 */
export function packInput(value: unknown, where: string, packing: PackOptions, transfer: unknown[]): unknown {
  const packed = pack(value, where, packing);
  for (const moving of packed.transfer) if (!transfer.includes(moving)) transfer.push(moving);
  return packed.value;
}

export function packConfig(config: unknown, where: string, shared: boolean): unknown {
  return config === undefined ? undefined : pack(config, where, { shared, root: "config" }).value;
}

/** The error that says which part of an input could not be sent. */
export function explainInput(value: unknown, where: string, cause: unknown, shared: boolean): unknown {
  return (cause as { code?: unknown }).code === "RUNLANE_NOT_SERIALIZABLE"
    ? cause
    : explainFailure(value, where, cause, { shared });
}

export { packError as packReason, unpack as unpackOutput, unpackError };

/** The bytes of a value that tells its size; 0 for values that would have to be walked through. */
export function knownBytes(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 0;
  const { byteLength } = value as { byteLength?: unknown };
  return typeof byteLength === "number" ? byteLength : 0;
}
