import type { PackOptions } from "../shipping/data/format.ts";
import {
  type Packed,
  pack,
  packError as packThrown,
  unpack,
  unpackError as unpackThrown,
} from "../shipping/data/pack.ts";

/** The options for packing a value. */
export interface PackValueOptions extends PackOptions {
  /** The owner of the value, for error messages: `the step "parse"`. @default "the value" */
  readonly where?: string;
}

/**
 * Makes an input ready for another thread, process or machine: what comes out can be sent by `postMessage` with its `transfer`, by
 * `structuredClone`, or, with `shared: false`, by `v8.serialize`. Instances of registered classes, errors and Buffers arrive as what they
 * are, and what cannot arrive is refused here, with its path.
 *
 * @throws RUNLANE_NOT_SERIALIZABLE
 * @example
 * ```ts
 * import { packInput, unpackInput } from "runlane/lanes";
 *
 * const { value, transfer } = packInput({ at: new URL("https://example.com/") });
 * const arrived = unpackInput(structuredClone(value, { transfer: [...transfer] as ArrayBuffer[] }));
 * console.log((arrived as { at: URL }).at.host); // example.com
 * ```
 */
export function packInput(value: unknown, { where = "the value", ...options }: PackValueOptions = {}): Packed {
  return pack(value, where, options);
}

/**
 * Makes an output ready for the way back: {@link packInput}, whose errors speak of the output.
 *
 * @throws RUNLANE_NOT_SERIALIZABLE
 * @example
 * ```ts
 * import { packOutput } from "runlane/lanes";
 *
 * try {
 *   packOutput({ save: () => {} }, { where: 'the step "load"' });
 * } catch (error) {
 *   console.log((error as Error).message); // the step "load" cannot be sent ...: output.save is the function save. ...
 * }
 * ```
 */
export function packOutput(value: unknown, options: PackValueOptions = {}): Packed {
  return packInput(value, { root: "output", ...options });
}

/**
 * Makes plain data of what was thrown: class name, message, stack, `code`, own fields, `cause`. It never throws: what cannot travel with an
 * error is left out.
 *
 * @example
 * ```ts
 * import { packError, unpackError } from "runlane/lanes";
 *
 * const error = Object.assign(new RangeError("too large"), { limit: 5 });
 * const arrived = unpackError(structuredClone(packError(error)));
 * console.log(arrived instanceof RangeError, (arrived as typeof error).limit); // true 5
 * ```
 */
export function packError(error: unknown, options: PackOptions = {}): unknown {
  return packThrown(error, options);
}

/**
 * Opens what {@link packInput} made, on the other side.
 *
 * @throws RUNLANE_UNKNOWN_CLASS
 * @example
 * ```ts
 * import { packInput, unpackInput } from "runlane/lanes";
 *
 * console.log(unpackInput(packInput([1, 2]).value)); // [ 1, 2 ]
 * ```
 */
export function unpackInput(value: unknown): unknown {
  return unpack(value);
}

/**
 * Opens what {@link packOutput} made, where the call was made.
 *
 * @throws RUNLANE_UNKNOWN_CLASS
 * @example
 * ```ts
 * import { packOutput, unpackOutput } from "runlane/lanes";
 *
 * console.log(unpackOutput(packOutput([1, 2]).value)); // [ 1, 2 ]
 * ```
 */
export function unpackOutput(value: unknown): unknown {
  return unpack(value);
}

/**
 * Makes of what {@link packError} made what was thrown. A class that is unknown here becomes an error of the nearest class that is known,
 * under its name.
 *
 * @example
 * ```ts
 * import { packError, unpackError } from "runlane/lanes";
 *
 * console.log(String(unpackError(packError(new TypeError("no"))))); // TypeError: no
 * ```
 */
export function unpackError(data: unknown): unknown {
  return unpackThrown(data);
}
