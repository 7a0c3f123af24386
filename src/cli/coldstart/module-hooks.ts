import type { MessagePort } from "node:worker_threads";
import { instrument, type LoadedModule } from "./instrument.ts";

/** The loader hooks for Node versions that run them in a thread of their own (before 22.15): the entry of that thread. */

let port: MessagePort;

/** The time of one module, as this thread measured it. */
export interface LoadMessage {
  readonly url: string;
  readonly parent: string | undefined;
  readonly ms: number;
}

export function initialize(data: { port: MessagePort }): void {
  port = data.port;
}

interface Context {
  readonly parentURL?: string;
}

export async function resolve<Found extends { url: string }>(
  specifier: string,
  context: Context,
  next: (specifier: string, context: Context) => Promise<Found>,
): Promise<Found> {
  const start = performance.now();
  const found = await next(specifier, context);
  tell({ url: found.url, parent: context.parentURL, ms: performance.now() - start });
  return found;
}

export async function load<Loaded extends LoadedModule>(
  url: string,
  context: Context,
  next: (url: string, context: Context) => Promise<Loaded>,
): Promise<Loaded> {
  const start = performance.now();
  const loaded = await next(url, context);
  tell({ url, parent: undefined, ms: performance.now() - start });
  return instrument(url, loaded);
}

function tell(message: LoadMessage): void {
  port.postMessage(message);
}
