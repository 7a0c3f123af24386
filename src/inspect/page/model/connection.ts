import type { HeldView, InspectorState } from "../../state.ts";

/** How the page stands to the program. */
export type Link = "waiting" | "open" | "lost" | "closed" | "report";

/** The state of the connection, and the last state that came over it. */
export interface Known {
  readonly link: Link;
  readonly state: InspectorState | undefined;
  /** The event loop is held, since this time on the clock of `performance.now`. */
  readonly held: (HeldView & { readonly since: number }) | undefined;
}

/** The state that the page was made with, if it is a report. */
export function stateInPage(): InspectorState | undefined {
  const text = document.getElementById("state")?.textContent ?? "";
  return text.trim() === "" ? undefined : (JSON.parse(text) as InspectorState);
}

/** Listens to the program. Each state is complete, so nothing is lost by a connection that was. @returns What ends it. */
export function connect(onChange: (known: Known) => void): () => void {
  let known: Known = { link: "waiting", state: undefined, held: undefined };
  const change = (changes: Partial<Known>): void => {
    known = { ...known, ...changes };
    onChange(known);
  };
  const events = new EventSource(`events${location.search}`);
  events.onopen = () => change({ link: "open" });
  events.onerror = () => change({ link: "lost", held: undefined });
  events.addEventListener("state", ({ data }) => change({ link: "open", state: JSON.parse(data) }));
  events.addEventListener("held", ({ data }) => {
    const held = data === "" ? undefined : (JSON.parse(data) as HeldView);
    change({ held: held && { ...held, since: performance.now() - held.heldMs } });
  });
  events.addEventListener("bye", () => {
    events.close();
    change({ link: "closed", held: undefined });
  });
  return () => events.close();
}
