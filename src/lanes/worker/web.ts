import type { FromWorker, ToWorker } from "../protocol/messages.ts";
import type { Goodbye } from "../web/web-transport.ts";
import { packError, reviveStage } from "./codec.ts";
import type { WorkerPort } from "./port.ts";
import { serve } from "./serve.ts";

/** The entry of a browser's worker. */

/** The scope of a dedicated worker, as far as it is used. */
interface WorkerScope {
  onmessage: ((event: { data: ToWorker }) => void) | null;
  postMessage(message: FromWorker | Goodbye, transfer?: readonly unknown[]): void;
  addEventListener(type: "error" | "unhandledrejection", listener: (event: Failure) => void): void;
  close(): void;
}

interface Failure {
  readonly error?: unknown;
  readonly reason?: unknown;
  preventDefault(): void;
}

const scope = globalThis as unknown as WorkerScope;
// Taken now: user code may put something else in their place.
const post = scope.postMessage.bind(scope);
const close = scope.close.bind(scope);

class WebPort implements WorkerPort {
  readonly sharesMemory = false;
  private chunk = -1;
  private index = -1;

  send(message: FromWorker, transfer: readonly unknown[] = []): void {
    post(message, transfer);
  }

  listen(handler: (message: ToWorker) => void): void {
    scope.onmessage = ({ data }) => handler(data);
  }

  attend(): void {}

  enter(chunk: number, index: number): void {
    this.chunk = chunk;
    this.index = index;
  }

  leave(): void {
    this.index = -1;
  }

  exit(): void {
    post({ type: "goodbye" });
    close();
  }

  /** Ends the worker by an error that nobody has caught, as on other platforms. */
  die(error: unknown): void {
    this.send({ type: "dying", error: packError(error), chunk: this.chunk, index: this.index });
    this.exit();
  }
}

const port = new WebPort();
for (const type of ["error", "unhandledrejection"] as const)
  scope.addEventListener(type, (event) => {
    event.preventDefault();
    port.die(event.error ?? event.reason);
  });
serve(port, reviveStage);
