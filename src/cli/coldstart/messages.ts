/** The parts of a start, in their order. */
export const PHASES = ["node", "typescript", "imports", "workers", "resources", "call"] as const;

export type Phase = (typeof PHASES)[number];

/** The first argument of a process that is measured. */
export interface StartRequest {
  readonly file: string;
  readonly exportName: string;
  /** The input of the first call; undefined when none was given. */
  readonly input?: unknown;
  /** The modules that make TypeScript loadable, where Node needs help with it. */
  readonly loaders: readonly string[];
  /** Whether modules are measured one by one, which makes the rest slower: such a start ends with its imports. */
  readonly byModule: boolean;
}

/** When each part of a start ended, in milliseconds since 1970. Parts that a start does not have are left out. */
export type PhaseEnds = Partial<Record<Phase, number>>;

/** The cost of one module. */
export interface ModuleTime {
  readonly url: string;
  /** The time to find, read, compile and run the module, in milliseconds. */
  readonly selfMs: number;
  /** The same for the module and all modules that it was the first to import, in milliseconds. */
  readonly totalMs: number;
}

/** A resource in one place, as the pipeline lists it after everything is loaded. */
export interface ResourceTime {
  readonly name: string;
  readonly scope: string;
  /** `"loop"`, or the name of the lane. */
  readonly where: string;
  /** The number of the worker; null on the loop. */
  readonly worker: number | null;
  readonly loadMs: number | null;
}

/** The report of a process that is measured. */
export type StartReport =
  | { readonly ends: PhaseEnds; readonly resources: readonly ResourceTime[] }
  | { readonly modules: readonly ModuleTime[]; readonly count: number }
  | { readonly failed: Phase; readonly message: string };

/** Milliseconds since 1970, finer than `Date.now()`: comparable between processes. */
export function absoluteNow(): number {
  return performance.timeOrigin + performance.now();
}
