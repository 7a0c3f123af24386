/** The parts of a start, in their order. */
export const PHASES = ["node", "typescript", "imports", "workers", "resources", "call"] as const;

export type Phase = (typeof PHASES)[number];

/** What a process that is measured is told, as its first argument. */
export interface StartRequest {
  readonly file: string;
  readonly exportName: string;
  /** Undefined when no input was given. */
  readonly input?: unknown;
  /** The modules that make TypeScript loadable, where Node needs help with it. */
  readonly loaders: readonly string[];
  /** Whether modules are measured one by one, which makes the rest slower: such a start ends with its imports. */
  readonly byModule: boolean;
}

/** When each part of a start ended, in milliseconds since 1970; parts that there are none of are left out. */
export type PhaseEnds = Partial<Record<Phase, number>>;

/** What one module costs. */
export interface ModuleTime {
  readonly url: string;
  /** Finding, reading, compiling and running it, in milliseconds. */
  readonly selfMs: number;
  /** That, and the same for all modules that it was the first to import. */
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

/** What a process that is measured says in the end. */
export type StartReport =
  | { readonly ends: PhaseEnds; readonly resources: readonly ResourceTime[] }
  | { readonly modules: readonly ModuleTime[]; readonly count: number }
  | { readonly failed: Phase; readonly message: string };

/** Milliseconds since 1970, finer than `Date.now()`: comparable between processes. */
export function absoluteNow(): number {
  return performance.timeOrigin + performance.now();
}
