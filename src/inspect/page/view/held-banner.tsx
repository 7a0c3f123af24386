import { useEffect, useState } from "preact/hooks";
import type { InspectorState } from "../../state.ts";
import type { Known } from "../model/connection.ts";
import { duration } from "../model/format.ts";
import { heldBy } from "../model/held-by.ts";

/** Says in red who holds the event loop, while it is held. Meanwhile nothing else on the page can change. */
export function HeldBanner({ held, chains }: Pick<Known, "held"> & Pick<InspectorState, "chains">) {
  const [, setNow] = useState(0);
  useEffect(() => {
    if (held === undefined) return;
    const timer = setInterval(() => setNow(performance.now()), 200);
    return () => clearInterval(timer);
  }, [held]);
  const step = held && heldBy(held, chains);
  return (
    <div role="alert">
      {held !== undefined && (
        <div class="held">
          <p class="wrap">
            <strong>{step === undefined ? "The event loop is held" : `${step} holds the event loop`}</strong>
            {/* Not to be read out again and again. */}
            <span aria-hidden="true">for {duration(performance.now() - held.since)}</span>
            {held.input !== undefined && <span>input {held.input}</span>}
            {held.place !== undefined && <code>{held.place}</code>}
            {held.state !== "unknown" && (
              <span>{held.state === "computes" ? "it computes" : "it waits in the system"}</span>
            )}
          </p>
        </div>
      )}
    </div>
  );
}
