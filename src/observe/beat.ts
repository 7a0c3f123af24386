import { unref } from "../core/platform.ts";

/** Whoever is called by one timer. */
interface Beat {
  readonly timer: ReturnType<typeof setInterval>;
  readonly listeners: Set<() => void>;
}

const beats = new Map<number, Beat>();

/**
 * Calls back again and again, as `setInterval` does. All who ask for the same `everyMs` share one timer: each wakes an idle process, which
 * costs more than what is done then. It keeps no process alive.
 *
 * @param everyMs The time between two beats, in milliseconds.
 * @param beatsPerCall Calls back at each so manyeth beat only. @default 1
 * @returns What ends it.
 */
export function onBeat(everyMs: number, callback: () => void, beatsPerCall = 1): () => void {
  let count = 0;
  const listener = (): void => {
    if (++count % beatsPerCall === 0) callback();
  };
  const beat = beats.get(everyMs) ?? start(everyMs);
  beat.listeners.add(listener);
  return () => {
    if (!beat.listeners.delete(listener) || beat.listeners.size > 0) return;
    clearInterval(beat.timer);
    beats.delete(everyMs);
  };
}

function start(everyMs: number): Beat {
  const listeners = new Set<() => void>();
  const timer = setInterval(() => {
    for (const listener of listeners) listener();
  }, everyMs);
  unref(timer);
  const beat = { timer, listeners };
  beats.set(everyMs, beat);
  return beat;
}
