/** The work to do before a process ends. */
export interface Ending {
  /** Ends the work in all the time it needs. Called when the process has nothing more to do, or got a signal to end. */
  end(): Promise<void>;
  /** Ends as much as can be ended at once. Called when nothing can be waited for: `process.exit`, an uncaught error. */
  endNow(): void;
}

/** The time in milliseconds after which a signal is passed on, even if resources are still to be disposed of. */
const END_WITHIN_MS = 5000;
const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
type Signal = (typeof SIGNALS)[number];

const endings = new Set<Ending>();
let isEnding = false;

/**
 * Has something done before this process ends, in whatever way that can be noticed: when it has nothing more to do, by `process.exit`,
 * an uncaught error, SIGTERM, SIGINT or SIGHUP. A signal that somebody else listens to is theirs: they end the process when they are
 * ready. One that nobody else listens to ends the process, as it would have, once all is done.
 *
 * @returns A function that takes it back.
 */
export function endWithProcess(ending: Ending): () => void {
  const { process } = globalThis;
  if (typeof process?.on !== "function") return () => {};
  if (endings.size === 0) {
    process.on("beforeExit", endWhenIdle);
    // Before those who end workers for good.
    process.prependListener("exit", endNow);
    for (const signal of SIGNALS) process.on(signal, HANDLERS[signal]);
  }
  endings.add(ending);
  return () => {
    if (!endings.delete(ending) || endings.size > 0 || isEnding) return;
    stopListening();
  };
}

function stopListening(): void {
  const { process } = globalThis;
  process.off("beforeExit", endWhenIdle);
  process.off("exit", endNow);
  for (const signal of SIGNALS) process.off(signal, HANDLERS[signal]);
}

async function endAll(): Promise<void> {
  await Promise.allSettled([...endings].map((ending) => ending.end()));
}

/** Ends the work when the process has nothing more to do. Async work begun here keeps the process alive until it is done. */
function endWhenIdle(): void {
  endAll();
}

function endNow(): void {
  for (const ending of endings) ending.endNow();
}

/** The mark of these handlers, also of those of another copy of the package. */
const OWN = Symbol.for("runlane.ending");

function handlerOf(signal: Signal): () => void {
  const handler = (): void => {
    const others = globalThis.process.listeners(signal).filter((listener) => !(OWN in listener));
    if (others.length > 0 || isEnding) return;
    isEnding = true;
    // This one holds the process: nothing else may.
    const limit = setTimeout(passOn, END_WITHIN_MS);
    endAll().then(passOn);
    function passOn(): void {
      clearTimeout(limit);
      if (!isEnding) return;
      isEnding = false;
      endNow();
      stopListening();
      endings.clear();
      globalThis.process.kill(globalThis.process.pid, signal);
    }
  };
  return Object.assign(handler, { [OWN]: true });
}

const HANDLERS = { SIGTERM: handlerOf("SIGTERM"), SIGINT: handlerOf("SIGINT"), SIGHUP: handlerOf("SIGHUP") };
