import nodeModule from "node:module";
import { pathToFileURL } from "node:url";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { CLOCK, instrument, type LoadedModule } from "./instrument.ts";
import type { ModuleTime } from "./messages.ts";
import { ModuleClock } from "./module-clock.ts";
import type { LoadMessage } from "./module-hooks.ts";

/** Hooks that run in the thread that loads, from Node 22.15 on. */
interface SyncHooks {
  resolve<Found extends { url: string }>(
    specifier: string,
    context: { parentURL?: string },
    next: (specifier: string, context: object) => Found,
  ): Found;
  load<Loaded extends LoadedModule>(
    url: string,
    context: object,
    next: (url: string, context: object) => Loaded,
  ): Loaded;
}

const { registerHooks } = nodeModule as { registerHooks?: (hooks: SyncHooks) => void };

/** Measures all modules that are loaded from now on. An entry of its own: it must not bring modules that pipelines import, too. */
export function measureModules(): () => ModuleTime[] {
  const clock = new ModuleClock();
  Object.defineProperty(globalThis, CLOCK, { value: clock });
  measureCommonJs(clock);
  const collect = registerHooks === undefined ? hookFromAside(clock) : hookInside(clock, registerHooks);
  return () => {
    collect();
    return clock.times();
  };
}

/** CommonJS modules run while they are loaded, on every version of Node and whoever loads them. */
function measureCommonJs(clock: ModuleClock): void {
  const { prototype } = nodeModule.Module as unknown as { prototype: { load(filename: string): unknown } };
  const { load } = prototype;
  prototype.load = function (filename) {
    const url = pathToFileURL(filename).href;
    clock.enter(url);
    try {
      return load.call(this, filename);
    } finally {
      clock.leave(url);
    }
  };
}

function hookInside(clock: ModuleClock, register: NonNullable<typeof registerHooks>): () => void {
  register({
    resolve(specifier, context, next) {
      clock.pause();
      const found = next(specifier, context);
      clock.resolved(found.url, context.parentURL);
      return found;
    },
    load(url, context, next) {
      clock.pause();
      const loaded = next(url, context);
      clock.loaded(url);
      return instrument(url, loaded);
    },
  });
  return () => {};
}

/**
 * Modules are found and read side by side in another thread, and the times of each include those of others. So they are scaled to what
 * the import took apart from running the modules.
 */
function hookFromAside(clock: ModuleClock): () => void {
  const { port1, port2 } = new MessageChannel();
  const hooks = new URL("./module-hooks.js", import.meta.url).href;
  nodeModule.register(hooks, { data: { port: port2 }, transferList: [port2] });
  const start = performance.now();
  return () => {
    const messages: LoadMessage[] = [];
    for (let next = receiveMessageOnPort(port1); next !== undefined; next = receiveMessageOnPort(port1))
      messages.push(next.message);
    const runningMs = clock.times().reduce((sum, { selfMs }) => sum + selfMs, 0);
    const measuredMs = messages.reduce((sum, { ms }) => sum + ms, 0);
    const scale = Math.min(1, (performance.now() - start - runningMs) / measuredMs);
    for (const { url, parent, ms } of messages) clock.add(url, parent, ms * scale);
  };
}
