/**
 * Thrown by what cannot be answered before a part of Runlane has been loaded: where nothing can be loaded at once, in bundles and in
 * browsers. It never reaches a user: whoever catches it waits, and asks again.
 */
export class StillLoading extends Error {
  /** @param loaded Settles when it is worth while to ask again. It is rejected when it never will be, and nobody has to listen. */
  constructor(readonly loaded: Promise<unknown>) {
    super("A part of Runlane is still being loaded.");
    loaded.catch(() => {});
  }
}
