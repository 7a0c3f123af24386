/** Where the watched thread keeps what may be asked of it. */
export const ASKED = Symbol.for("runlane.watch");
