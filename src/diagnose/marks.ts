/**
 * Where this thread is in its work, as integers in memory that the watching thread can read while this one is held. They are stored only
 * while somebody watches: a plain store in every call of a lambda makes ten sync steps 3 to 10 % dearer (2 ns a step), and what nobody
 * reads need not be there.
 */

/** The places of the integers. */
export const MARK = {
  /** Grows as long as the event loop turns. */
  beat: 0,
  /** The mark of the step whose code runs; 0 when none does, or when it has waited for something before. */
  step: 1,
  /** 1 when a debugger may be attached, so that a held loop may be one at a breakpoint. */
  debugged: 2,
  /** 1 while the watching thread has a session of the inspector open on this one; 2 when it must not open one any more. */
  session: 3,
} as const;

/** A page without cross-origin isolation shares no memory, and nobody watches it. */
const Memory = globalThis.SharedArrayBuffer ?? ArrayBuffer;

export const marks = new Int32Array(new Memory(16));
