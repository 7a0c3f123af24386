/** The key under which the watched thread keeps the function that answers the watching thread. */
export const ASKED = Symbol.for("runlane.watch");
