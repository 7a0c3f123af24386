import { afterTurn } from "../../core/platform.ts";
import { stopError } from "../../core/signal.ts";

let reason: DOMException | undefined;

/** The reason with which the signal of an exchange aborts. Clients that go in one turn share it: most of its cost is its stack. */
export function clientGone(): DOMException {
  if (reason === undefined) {
    reason = stopError("AbortError", "The client has closed the connection.");
    afterTurn(() => {
      reason = undefined;
    });
  }
  return reason;
}
