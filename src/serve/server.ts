/// <reference lib="esnext.disposable" preserve="true" />
import http from "node:http";
import { Server as NetServer } from "node:net";
import { DEFAULT_BODY_LIMIT, type ServeOptions } from "./options.ts";
import { type Chains, Service } from "./service.ts";
import { NodeExchange } from "./transport/node-exchange.ts";

/** The options of `listen`. */
export interface ListenOptions {
  /** The port; 0 takes any free one. @default 8080 */
  readonly port?: number | undefined;
  /** The address to listen on. @default "127.0.0.1" */
  readonly host?: string | undefined;
}

/** The options of `stop`. */
export interface StopOptions {
  /** The time for requests in flight, in milliseconds; then their connections are closed, which ends their runs. @default 10_000 */
  readonly graceMs?: number | undefined;
  /**
   * The time in milliseconds for which open connections are kept though nothing is in flight: a client may be sending a request by one of
   * them. Each is closed with its next answer. @default 250
   */
  readonly lingerMs?: number | undefined;
}

/** Chains behind Node's own HTTP server. */
export interface RunlaneServer {
  /** Node's server, for things that this one does not do: TLS termination, upgrades, other settings. */
  readonly http: http.Server;
  /** Whether `/readyz` says that it is ready. Set it to false while something warms up. */
  isReady: boolean;
  /** The number of requests whose answer is not complete. */
  readonly inFlight: number;
  /** Starts to listen. @returns The address, with the port that was taken. */
  listen(options?: ListenOptions): Promise<{ readonly host: string; readonly port: number; readonly url: string }>;
  /** Reports that it is not ready, takes no new connections, lets requests in flight end, and closes each connection when they have. */
  stop(options?: StopOptions): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Serves chains by HTTP on Node: LangServe's protocol for each, health and readiness.
 *
 * @param chains A chain, or chains by name: the name is the path.
 * @throws RUNLANE_INVALID_OPTION, RUNLANE_NOT_RUNNABLE
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 * import { createServer } from "runlane/serve";
 *
 * const shout = RunnableLambda.from((text: string) => text.toUpperCase());
 * await using server = createServer({ shout });
 * const { url } = await server.listen({ port: 0 });
 * const response = await fetch(`${url}/shout/invoke`, {
 *   method: "POST",
 *   headers: { "content-type": "application/json" },
 *   body: JSON.stringify({ input: "hi" }),
 * });
 * console.log(await response.json()); // { output: "HI", ... }
 * ```
 */
export function createServer(chains: Chains, options: ServeOptions = {}): RunlaneServer {
  const service = new Service(chains, options);
  let isStopping = false;
  const answer = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    // A connection ends with its answer while the server stops.
    if (isStopping) response.setHeader("connection", "close");
    service.handle(new NodeExchange(request, response));
  };
  // At the end of the turn, when the body is there as well, if it came together with its head: to read it then takes neither events nor
  // promises, and a request a tenth less of CPU than at its head.
  const server = http.createServer((request, response) => setImmediate(answer, request, response));
  const { bodyLimit = DEFAULT_BODY_LIMIT } = options;
  server.on("checkContinue", (request: http.IncomingMessage, response: http.ServerResponse) => {
    // Whoever asks before it sends a body that is too large hears so at once, and need not send it.
    if (!(Number(request.headers["content-length"]) > bodyLimit)) response.writeContinue();
    answer(request, response);
  });
  let stopped: Promise<void> | undefined;
  const stop = async ({ graceMs = 10_000, lingerMs = 250 }: StopOptions): Promise<void> => {
    isStopping = true;
    // That of `http` would cut off clients that are sending a request by a connection that is idle until it is here.
    const closed = new Promise<void>((resolve) => void NetServer.prototype.close.call(server, () => resolve()));
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    await Promise.all([service.drained(), lingered(closed, Math.min(lingerMs, graceMs))]);
    server.close();
    server.closeIdleConnections();
    await closed;
    clearTimeout(timer);
  };
  return {
    http: server,
    get isReady() {
      return service.isReady;
    },
    set isReady(isReady) {
      service.isReady = isReady;
    },
    get inFlight() {
      return service.inFlight;
    },
    listen({ port = 8080, host = "127.0.0.1" } = {}) {
      return new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, () => {
          server.off("error", reject);
          const { port: taken } = server.address() as { port: number };
          const shown = host.includes(":") ? `[${host}]` : host;
          resolve({ host, port: taken, url: `http://${shown}:${taken}` });
        });
      });
    },
    stop(options = {}) {
      stopped ??= stop(options);
      return stopped;
    },
    [Symbol.asyncDispose]() {
      return this.stop();
    },
  };
}

/** Waits for a time, or until all connections are closed. */
function lingered(closed: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void closed.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
