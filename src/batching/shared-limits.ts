/** Limits that several programs keep together, under a name. */
export interface SharedLimit {
  readonly name: string;
  readonly maxConcurrency?: number | undefined;
  readonly ratePerSecond?: number | undefined;
  readonly burst?: number | undefined;
}

/** The state of one holder of places under a limit: a thread of a program. */
export interface AdmitRequest {
  /** The name of the holder, which no other has. */
  readonly holder: string;
  /** The number of its inputs that run now. What it was granted before and does not run is free again. */
  readonly running: number;
  /** The number of its inputs that wait for their start. */
  readonly wanted: number;
}

/** The answer to an {@link AdmitRequest}. */
export interface Admission {
  /** The number of inputs that may start. */
  readonly granted: number;
  /** When the holder asks again, in milliseconds: for those that wait, or so that it keeps the places that it has. */
  readonly againMs: number;
}

/** Keeps limits for many holders. */
export interface LimitKeeper {
  /**
   * Tells the state of a holder, and lets some of its inputs start. A holder that has not been heard of for the time of a lease has no places any
   * more. Of several that wait, the one that has waited for longest is served first.
   */
  admit(limit: SharedLimit, request: AdmitRequest): Promise<Admission>;
}

/** Opens the keeper at an address, where `runlane/cluster` is loaded. */
export const sharedLimits: { open: ((broker: string | undefined) => LimitKeeper) | undefined } = { open: undefined };
