import { decode } from "./decode.ts";
import { Encoder } from "./encode.ts";
import { type Envelope, PACKED, type PackOptions } from "./format.ts";
import { notSerializable, textOf } from "./not-serializable.ts";
import { isPlain } from "./plain.ts";

/** A value that structured clone can send. */
export interface Packed {
  /** The value to send. */
  readonly value: unknown;
  /**
   * ArrayBuffers and ports to move, each once. Two values of one message may name the same: leave the doubles out. Buffers that were
   * moved are gone from here, so a value with a list cannot be sent a second time.
   */
  readonly transfer: readonly object[];
}

const NOTHING: readonly object[] = [];

/**
 * Makes a value ready to travel to another thread or process. Plain data passes as it is: see {@link isPlain} for what that costs.
 * Everything else is put into an envelope that {@link unpack} opens: instances of registered classes, errors, Buffers, parts of buffers,
 * objects without a prototype, URLs. Nothing is moved yet: that is done by whoever sends.
 *
 * @param where The owner of the value, for error messages: `the step "parse"`.
 * @throws RUNLANE_NOT_SERIALIZABLE with the path of the part that cannot be cloned.
 */
export function pack(value: unknown, where: string, options: PackOptions = {}): Packed {
  if (isPlain(value, options.shared !== false)) return { value, transfer: NOTHING };
  return new Encoder(where, options).encode(value);
}

/**
 * Looks through a value for parts that {@link pack} would refuse, or sending would: Proxies too, which plain data may be.
 *
 * @throws RUNLANE_NOT_SERIALIZABLE
 */
export function checkSendable(value: unknown, where: string, options: PackOptions = {}): void {
  new Encoder(where, options).encode(value);
}

/** Makes the value again that {@link pack} has packed. @throws RUNLANE_UNKNOWN_CLASS */
export function unpack(value: unknown): unknown {
  return typeof value === "object" && value !== null && PACKED in value ? decode(value as Envelope) : value;
}

/**
 * A copy of a value, as it would arrive: later changes to the value do not change it.
 *
 * @throws RUNLANE_NOT_SERIALIZABLE
 */
export function snapshot(value: unknown, where: string): unknown {
  if (typeof value !== "object" || value === null) return value;
  return unpack(structuredClone(pack(value, where).value));
}

/**
 * Makes plain data of whatever was thrown. Never throws: parts of an error that cannot travel, a function in its fields for example, are left
 * out.
 */
export function packError(error: unknown, options: PackOptions = {}): unknown {
  for (const bareErrors of [false, true]) {
    try {
      return new Encoder("an error", options, { leavesOut: true, bareErrors }).encode(error).value;
    } catch {
      // A chain of causes too long for the stack, a codec that throws: then without them.
    }
  }
  return new Encoder("an error", options, { leavesOut: true, bareErrors: true }).encode(new Error(textOf(error))).value;
}

/** Makes of that data the error that was thrown. One of a class unknown here becomes an error of the nearest class that is known. */
export function unpackError(data: unknown): unknown {
  try {
    return unpack(data);
  } catch (failure) {
    return failure;
  }
}

/**
 * The error of a message that could not be sent after all (`DataCloneError`): it says which part of which value was at fault.
 *
 * @param cause The error that sending threw.
 */
export function explainFailure(value: unknown, where: string, cause: unknown, options: PackOptions = {}): Error {
  try {
    new Encoder(where, options).encode(value);
  } catch (error) {
    return error as Error;
  }
  return notSerializable(where, options.root ?? "input", textOf(cause), cause);
}
