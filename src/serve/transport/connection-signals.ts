import { getEventListeners } from "node:events";
import type { Socket } from "node:net";
import { isWatched, keepListener } from "../../core/signal.ts";
import { clientGone } from "./client-gone.ts";

/**
 * The signals of the requests of one connection, which abort when it is closed before they are answered. A controller whose signal nobody
 * listens to any more serves the next request too: making one for each costs as much as answering a small request does.
 */
export class ConnectionSignals {
  private current: AbortController | undefined = undefined;
  /** Those of requests that have come before the one before them was answered. */
  private more: Set<AbortController> | undefined = undefined;
  private spare: AbortController | undefined = undefined;

  constructor(private readonly socket: Socket) {
    // The end of what the client sends is the end of the connection, unless the server allows half-open ones: http has ended its own side
    // by then. Of many that go at once each is heard of before the first is closed.
    const ended = (): void => {
      if (socket.destroyed || socket.writableEnded) this.abort();
    };
    socket.on("end", ended);
    socket.on("close", ended);
  }

  private abort(): void {
    this.current?.abort(clientGone());
    for (const controller of this.more ?? []) controller.abort(clientGone());
  }

  take(): AbortController {
    const controller = this.spare ?? newController();
    this.spare = undefined;
    if (this.socket.destroyed || this.socket.writableEnded) controller.abort(clientGone());
    else if (this.current === undefined) this.current = controller;
    else {
      this.more ??= new Set();
      this.more.add(controller);
    }
    return controller;
  }

  giveBack(controller: AbortController): void {
    const { signal } = controller;
    if (this.current === controller) this.current = undefined;
    else this.more?.delete(controller);
    if (signal.aborted) return;
    if (!isWatched(signal) && getEventListeners(signal, "abort").length === 1) this.spare = controller;
  }
}

function newController(): AbortController {
  const controller = new AbortController();
  keepListener(controller.signal);
  return controller;
}

const connections = new WeakMap<Socket, ConnectionSignals>();

export function signalsOf(socket: Socket): ConnectionSignals {
  let signals = connections.get(socket);
  if (signals === undefined) {
    signals = new ConnectionSignals(socket);
    connections.set(socket, signals);
  }
  return signals;
}
