import { type BusyClock, now } from "./clock.ts";
import type { WorkerPort } from "./port.ts";
import { hasUnprinted } from "./stdio.ts";

/** The time in which messages may follow each other without the event loop, whose timers and I/O wait meanwhile. */
const SESSION_MS = 10;

/**
 * Makes the function that lets a worker with nothing to do wait for the next message where it comes soonest, see
 * {@link WorkerPort.spinForMessage}. Promises that functions left behind come first.
 *
 * @param isIdle Whether nothing runs that needs the event loop.
 */
export function spinWait(port: WorkerPort, clock: BusyClock, isIdle: () => boolean): () => void {
  if (port.spinForMessage === undefined) return () => {};
  const rest = (ms: number): void => clock.rest(ms);
  let planned = false;
  const spinForMessage = (): void => {
    const end = now() + SESSION_MS;
    while (isIdle() && !hasUnprinted() && port.spinForMessage!(rest) && now() < end);
    planned = false;
  };
  return () => {
    if (planned) return;
    planned = true;
    queueMicrotask(spinForMessage);
  };
}
