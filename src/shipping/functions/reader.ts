/**
 * What reads the sources of functions, with the parser: a file of its own that needs nothing of the kernel, so that it does not matter
 * whether a loader gives it a second copy. See {@link reader} for who loads it.
 */
export { checkFunction } from "./check-source.ts";
export { locationsIn } from "./source-location.ts";
