import type { CallOptions } from "./lane.ts";

/** The parent's side of shipping: how inputs leave, and how outputs and errors arrive. */

/** @param transfer Where buffers that move instead of being copied are added. */
export function packInput(value: unknown, _where: string, _transfer: unknown[]): unknown {
  return value;
}

export function packReason(reason: unknown): unknown {
  return reason instanceof Error ? { name: reason.name, message: reason.message } : undefined;
}

export function unpackOutput(value: unknown): unknown {
  return value;
}

export function unpackError(error: unknown): unknown {
  return error;
}

export type PackedConfig = CallOptions["config"];

/** The bytes of a value that says them without a walk; 0 for the others. */
export function knownBytes(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 0;
  const { byteLength } = value as { byteLength?: unknown };
  return typeof byteLength === "number" ? byteLength : 0;
}
