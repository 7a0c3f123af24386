import { keepLeftOut } from "../core/left-out.ts";
import { isChunked } from "../core/streams/chunks.ts";
import { isThenable } from "../core/thenable.ts";
import { clock } from "./changes.ts";
import type { Instance } from "./instance.ts";
import { slotsIn } from "./resource.ts";
import type { ResourceSlot } from "./slot.ts";

const USED = Symbol("used resources");

/** The resources that a function of {@link bindUses} uses. */
export function usedBy(func: object): readonly ResourceSlot[] {
  return (func as { [USED]?: readonly ResourceSlot[] })[USED] ?? [];
}

type Uses = Readonly<Record<string, unknown>>;
// biome-ignore lint/complexity/noBannedTypes: functions of all types use something
type Func = Function;

/**
 * A function that finds `uses` in its config, with the values of the resources among them. The first call waits for their loads; from then
 * on a call is as sync as the function.
 */
export function bindUses(func: Func, uses: Uses): Func {
  const slots = slotsIn(uses);
  const bound = slots.length === 0 ? bindValues(func, uses) : bindResources(func, uses);
  if (slots.length > 0) Object.defineProperty(bound, USED, { value: slots.map(([, slot]) => slot) });
  return Object.defineProperty(bound, "name", { value: func.name, configurable: true });
}

function bindValues(func: Func, uses: Uses): Func {
  let last: object | undefined;
  let lastWithUses: object | undefined;
  return (input: unknown, config: object | undefined): unknown => {
    // Most calls share one config.
    if (lastWithUses === undefined || config !== last) {
      last = config;
      lastWithUses = { ...config, uses };
      keepLeftOut(lastWithUses);
    }
    return func(input, lastWithUses);
  };
}

function bindResources(func: Func, uses: Uses): Func {
  const slots = slotsIn(uses);
  /** The count of changes when the values were taken last. */
  let seen = -1;
  let values: Uses = {};
  let counted: readonly Instance[] = [];
  let last: object | undefined;
  let lastWithUses: object = {};

  /** Takes the values as they are now; a promise while one of them is being loaded. */
  function look(): Promise<unknown> | undefined {
    const { changes } = clock;
    const instances = slots.map(([, slot]) => slot.use());
    if (instances.some(isThenable)) return Promise.all(instances);
    const found = instances as Instance[];
    values = Object.freeze({ ...uses, ...Object.fromEntries(slots.map(([key], at) => [key, found[at]!.value])) });
    counted = found.filter(({ isCounted }) => isCounted);
    seen = changes;
    last = undefined;
    return undefined;
  }

  function call(input: unknown, config: object | undefined): unknown {
    if (config !== last || last === undefined) {
      last = config;
      lastWithUses = { ...config, uses: values };
      keepLeftOut(lastWithUses);
    }
    return counted.length === 0 ? func(input, lastWithUses) : hold(counted, () => func(input, lastWithUses));
  }

  /** Apart from the call, whose variables a closure would put on the heap. */
  function wait(input: unknown, config: object | undefined, loading: Promise<unknown>): Promise<unknown> {
    return loading.then(() => bound(input, config));
  }

  function bound(input: unknown, config: object | undefined): unknown {
    if (seen !== clock.changes) {
      const loading = look();
      if (loading !== undefined) return wait(input, config, loading);
    }
    return call(input, config);
  }
  return bound;
}

/** Keeps instances from being disposed of until the result of a function has ended. */
function hold(instances: readonly Instance[], call: () => unknown): unknown {
  const release = (): void => {
    for (const instance of instances) instance.release();
  };
  for (const instance of instances) instance.hold();
  let out: unknown;
  try {
    out = call();
  } catch (error) {
    release();
    throw error;
  }
  if (typeof out !== "object" || out === null) release();
  else if (out instanceof Promise) out.then((value) => endWith(value, release), release);
  else if (isThenable(out)) return out.then((value) => endWith(value, release), failWith(release));
  else endWith(out, release);
  return out;
}

function failWith(release: () => void): (error: unknown) => never {
  return (error) => {
    release();
    throw error;
  };
}

type Source = Partial<AsyncIterable<unknown> & AsyncIterator<unknown>>;

/** Ends the call now or, if it gave chunks, with the last of them. The value stays the object that it is. */
function endWith<Value>(value: Value, release: () => void): Value {
  if (typeof value !== "object" || value === null || !isChunked(value) || !Object.isExtensible(value)) {
    release();
    return value;
  }
  let isHeld = true;
  const end = (): void => {
    if (isHeld) release();
    isHeld = false;
  };
  const source = value as Source;
  if (source.next !== undefined) {
    watch(source, end);
    return value;
  }
  const iterate = source[Symbol.asyncIterator]!.bind(source);
  const iterator = (): AsyncIterator<unknown> => watch(iterate(), end);
  return Object.defineProperty(value, Symbol.asyncIterator, { value: iterator, configurable: true });
}

/** Calls `end` when an iterator, sync or async, has come to its end. */
function watch<Iterator extends Source>(iterator: Iterator, end: () => void): Iterator {
  const see = (result: IteratorResult<unknown>): IteratorResult<unknown> => {
    if (result.done === true) end();
    return result;
  };
  const fail = (error: unknown): never => {
    end();
    throw error;
  };
  for (const name of ["next", "return", "throw"] as const) {
    const step = iterator[name]?.bind(iterator) as ((given: unknown) => unknown) | undefined;
    if (step === undefined) continue;
    const seen = (given: unknown): unknown => {
      try {
        const result = step(given);
        return isThenable(result) ? result.then(see as never, fail) : see(result as IteratorResult<unknown>);
      } catch (error) {
        return fail(error);
      }
    };
    Object.defineProperty(iterator, name, { value: seen, configurable: true });
  }
  return iterator;
}
