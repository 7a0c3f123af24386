import { runlaneError } from "../../core/errors/errors.ts";
import type { FromWorker, ToWorker } from "../protocol/messages.ts";
import type { Transport, WorkerConnection, WorkerEvents, WorkerVitals } from "../protocol/transport.ts";

/** A browser's worker, as far as it is used. */
interface WebWorker {
  onmessage: ((event: { data: FromWorker | Goodbye }) => void) | null;
  onmessageerror: ((event: unknown) => void) | null;
  onerror: ((event: { message?: string; error?: unknown; preventDefault(): void }) => void) | null;
  postMessage(message: ToWorker, transfer: readonly unknown[]): void;
  terminate(): void;
}

declare const Worker: new (url: URL, options: { type: "module"; name: string }) => WebWorker;

/** The last message of a worker that ends: a browser does not tell. */
export interface Goodbye {
  readonly type: "goodbye";
}

/**
 * Starts web workers. They share no memory with the page, which would need cross-origin isolation: so they tell by messages where they
 * are, as processes do, and nobody can look whether one is stuck. Ending one works whatever it does.
 */
export class WebTransport implements Transport {
  readonly sharesMemory = false;

  start(events: WorkerEvents): WorkerConnection {
    const worker = new Worker(new URL("../worker.mjs", import.meta.url), { type: "module", name: "runlane" });
    const connection = new WebConnection(worker, events);
    worker.onmessage = ({ data }) => {
      if (data.type === "goodbye") connection.end(0);
      else connection.receive(data);
    };
    worker.onmessageerror = () => connection.end(1, new Error("A message of the worker could not be read."));
    worker.onerror = (event) => {
      event.preventDefault();
      // Without a message, its file could not be loaded.
      connection.end(1, event.error ?? (event.message ? new Error(event.message) : missingFile()));
    };
    return connection;
  }
}

function missingFile(): Error {
  return runlaneError("RUNLANE_BUNDLED", { where: "the thread lane", file: "worker.mjs" });
}

class WebConnection implements WorkerConnection {
  private signs = 0;
  private hasEnded = false;

  constructor(
    private readonly worker: WebWorker,
    private readonly events: WorkerEvents,
  ) {}

  send(message: ToWorker, transfer: readonly unknown[] = []): void {
    this.worker.postMessage(message, transfer);
  }

  receive(message: FromWorker): void {
    this.signs++;
    if (!this.hasEnded) this.events.onMessage(message);
  }

  end(code: number, error?: unknown): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.worker.terminate();
    this.events.onExit({ code, signal: null, error });
  }

  progress(): null {
    return null;
  }

  vitals(): WorkerVitals {
    return { signs: this.signs, received: undefined, isExcused: true };
  }

  /** Its end is told later, as that of other workers is. */
  kill(): void {
    this.worker.terminate();
    queueMicrotask(() => this.end(1));
  }

  /** A page that is closed takes its workers with it. */
  endNow(): () => void {
    return () => {};
  }
}
