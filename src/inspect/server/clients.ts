import type { ServerResponse } from "node:http";
import type { BlockedReport } from "../../diagnose/report.ts";
import { shortPlace } from "../short-place.ts";
import type { HeldView } from "../state.ts";

/** A stream that is silent says so often that it lives, in milliseconds. */
const HEARTBEAT_MS = 10_000;

/** Somebody else may watch more closely. */
const LEAST_HELD_MS = 20;

/** The pages that look. Each gets the whole state, again and again; one that reads slowly gets fewer of them. */
export class Clients {
  /** The last state, in JSON. */
  state: string | undefined;
  private held: { readonly since: number; readonly view: HeldView } | undefined;
  private readonly open = new Set<ServerResponse>();
  private readonly heartbeat = setInterval(() => this.beat(), HEARTBEAT_MS).unref();

  /** @param onChange Told how many look. */
  constructor(private readonly onChange: (looking: number) => void) {}

  add(response: ServerResponse): void {
    this.open.add(response);
    response.on("close", () => {
      this.open.delete(response);
      this.onChange(this.open.size);
    });
    response.write("retry: 500\n\n");
    if (this.state !== undefined) write(response, "state", this.state);
    if (this.held !== undefined) write(response, "held", this.heldNow());
    this.onChange(this.open.size);
  }

  show(state: string): void {
    this.state = state;
    for (const response of this.open) if (!response.writableNeedDrain) write(response, "state", state);
  }

  /** The event loop is held, or is free again. */
  showHeld(report: BlockedReport | undefined): void {
    if (report === undefined ? this.held === undefined : report.heldMs < LEAST_HELD_MS) return;
    this.held = report && { since: performance.now() - report.heldMs, view: viewOf(report) };
    for (const response of this.open) write(response, "held", this.heldNow());
  }

  end(): void {
    clearInterval(this.heartbeat);
    for (const response of this.open) response.end("event: bye\ndata:\n\n");
  }

  private heldNow(): string {
    const { held } = this;
    return held === undefined ? "" : JSON.stringify({ ...held.view, heldMs: performance.now() - held.since });
  }

  private beat(): void {
    for (const response of this.open) response.write(": still here\n\n");
  }
}

function viewOf({ step, input, place, stack, heldMs, state }: BlockedReport): HeldView {
  return {
    step,
    input,
    place: place && shortPlace(place),
    stack: stack.slice(0, 8).map((frame) => shortPlace(frame)),
    heldMs: Math.round(heldMs),
    state,
  };
}

/** JSON has no line ends. */
function write(response: ServerResponse, event: string, data: string): void {
  response.write(`event: ${event}\ndata: ${data}\n\n`);
}
