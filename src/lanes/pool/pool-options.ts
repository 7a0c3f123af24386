import { invalidOption } from "../../core/errors/errors.ts";
import { setOwn } from "../../core/own.ts";

/** The options of a pool of threads or processes. */
export interface PoolOptions {
  /** The number of workers that stay when there is nothing to do. They start with the first call, or by `warm`. @default 0 */
  min?: number;
  /**
   * The number of workers at most. There are no more than `os.availableParallelism()`, or `min`, unless they wait rather than compute: then
   * they become more while that gets more done. @default 32
   */
  max?: number;
  /** The time in milliseconds after which an idle worker beyond `min` is ended. `Infinity` keeps it. @default 30000 */
  idleTimeoutMs?: number;
  /** The number of calls that may wait for a worker; more are refused with RUNLANE_QUEUE_FULL. @default Infinity */
  maxQueue?: number;
  /** The time in milliseconds that a cancelled or timed-out function may go on before its worker is ended. @default 500 */
  graceMs?: number;
  /**
   * The time in milliseconds that a worker may take to start, counted from its first sign of life, and a stage to be loaded in it. One that
   * gives no sign at all is given six times as long. @default 30000
   */
  startTimeoutMs?: number;
  /** The number of inputs after which a worker is replaced. @default Infinity */
  maxInputsPerWorker?: number;
  /** The limits of a worker's heap. Processes know `maxOldGenerationSizeMb` and `maxYoungGenerationSizeMb`. @default Node's own */
  resourceLimits?: ResourceLimits;
  /** Environment variables on top of those of this process. @default none */
  env?: Readonly<Record<string, string>>;
  /** Node options of the workers, instead of those of this process. */
  execArgv?: readonly string[];
}

/** The limits that `node:worker_threads` knows. */
export interface ResourceLimits {
  /** The limit of the main heap, in megabytes. @default Node's own */
  maxOldGenerationSizeMb?: number;
  /** The limit of the heap for new objects, in megabytes. @default Node's own */
  maxYoungGenerationSizeMb?: number;
  /** The size of the memory for generated code, in megabytes. @default Node's own */
  codeRangeSizeMb?: number;
  /** The size of the stack, in megabytes. @default 4, as Node has it */
  stackSizeMb?: number;
}

/** The options of a pool, checked and complete, with what follows from them. */
export interface PoolSettings
  extends Required<Omit<PoolOptions, "resourceLimits" | "env" | "execArgv">>,
    Pick<PoolOptions, "resourceLimits" | "env" | "execArgv"> {
  /** The cores that workers share. */
  readonly cores: number;
  /** The number of workers there may be although they compute. */
  readonly atOnce: number;
  /** The time after which a worker that has something to do and gives no sign of life is replaced, in milliseconds. */
  readonly silenceMs: number;
}

/** The default of `max`, the figure of Python's executor: functions that block hold so many workers at most. */
const DEFAULT_MAX = 32;

/** The time without a sign of life: long enough for a busy machine to turn to every thread, short enough for somebody who waits. */
const SILENCE_MS = 2000;

const COUNTS = {
  min: { least: 0, infinite: false },
  max: { least: 1, infinite: false },
  maxQueue: { least: 1, infinite: true },
  maxInputsPerWorker: { least: 1, infinite: true },
} as const;
const TIMES = { idleTimeoutMs: true, graceMs: false, startTimeoutMs: false } as const;
const OBJECTS = ["resourceLimits", "env", "execArgv"] as const;

/**
 * @param where The name in errors of the function that was given the options.
 * @throws RUNLANE_INVALID_OPTION
 */
export function poolSettings(where: string, options: PoolOptions, cores: number): PoolSettings {
  const refuse = (option: string, expected: string, received: unknown) =>
    invalidOption(where, option, expected, received);
  if (typeof options !== "object" || options === null) throw refuse("its options", "an object", options);
  const given: Record<string, unknown> = {};
  for (const key of Object.keys(options)) {
    const value = (options as Record<string, unknown>)[key];
    if (value === undefined) continue;
    if (Object.hasOwn(COUNTS, key)) {
      const { least, infinite } = COUNTS[key as keyof typeof COUNTS];
      const valid = (infinite && value === Number.POSITIVE_INFINITY) || Number.isSafeInteger(value);
      if (!valid || (value as number) < least)
        throw refuse(key, `a whole number of at least ${least}${infinite ? ", or Infinity" : ""}`, value);
    } else if (Object.hasOwn(TIMES, key)) {
      const infinite = TIMES[key as keyof typeof TIMES];
      if (typeof value !== "number" || !(value >= 0) || (!infinite && value === Number.POSITIVE_INFINITY))
        throw refuse(key, `a number of milliseconds${infinite ? ", or Infinity" : ""}`, value);
    } else if ((OBJECTS as readonly string[]).includes(key)) {
      if (typeof value !== "object" || value === null || Array.isArray(value) !== (key === "execArgv"))
        throw refuse(key, key === "execArgv" ? "an array of strings" : "an object", value);
    } else {
      const known = [...Object.keys(COUNTS), ...Object.keys(TIMES), ...OBJECTS].join(", ");
      throw refuse(key, `left out: the options are ${known}`, value);
    }
    setOwn(given, key, value);
  }
  const settings = {
    min: 0,
    max: Math.max(DEFAULT_MAX, cores, (given.min as number | undefined) ?? 1),
    idleTimeoutMs: 30_000,
    maxQueue: Number.POSITIVE_INFINITY,
    graceMs: 500,
    startTimeoutMs: 30_000,
    maxInputsPerWorker: Number.POSITIVE_INFINITY,
    ...given,
  } as PoolSettings;
  const { min, max } = settings;
  if (min > max) throw refuse("min", `at most max (${max})`, min);
  return { ...settings, cores, atOnce: Math.max(min, Math.min(cores, max)), silenceMs: SILENCE_MS };
}
