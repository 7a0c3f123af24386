import { runlaneError } from "../core/errors/errors.ts";
import { ask, type Builtins, builtinModule } from "../core/platform.ts";

/** The `navigator` of browsers and of others after them. Node has it since version 21. */
const { navigator } = globalThis as { navigator?: { userAgent?: string; hardwareConcurrency?: number } };

/** A built-in that lanes use. They are not imported: a plain `import "runlane"` must work where there are none. @throws RUNLANE_NO_THREADS */
export function builtin<Name extends keyof Builtins>(lane: string, name: Name): Builtins[Name] {
  const found = builtinModule(name);
  if (found === undefined) throw runlaneError("RUNLANE_NO_THREADS", { lane, needed: name });
  return found;
}

const NEEDED = { thread: "node:worker_threads", process: "node:child_process" } as const;

/** Whether the workers of a lane are Node's, as they are on Bun and Deno too. */
function isNodeLike(lane: "thread" | "process"): boolean {
  // Cloudflare's modules of these names are there to be imported, and can do nothing.
  return navigator?.userAgent !== "Cloudflare-Workers" && builtinModule(NEEDED[lane]) !== undefined;
}

/** The thing that a lane needs and this platform does not have, if there is one. */
export function missingFor(lane: "thread" | "process"): string | undefined {
  return isNodeLike(lane) || (lane === "thread" && usesWebWorkers()) ? undefined : NEEDED[lane];
}

/** Whether threads are web workers, as in browsers. */
export function usesWebWorkers(): boolean {
  return !isNodeLike("thread") && typeof (globalThis as { Worker?: unknown }).Worker === "function";
}

export function availableCores(): number {
  return ask(() => builtinModule("node:os")?.availableParallelism(), undefined) ?? navigator?.hardwareConcurrency ?? 1;
}

/** How busy the machine and this process have been, in sums since some moment; without what is not known. */
export function machineLoad(): { machine?: { idleMs: number; totalMs: number }; interruptions?: number } {
  const cpus = ask(() => builtinModule("node:os")?.cpus(), undefined) ?? [];
  let idleMs = 0;
  let totalMs = 0;
  for (const { times } of cpus) {
    idleMs += times.idle;
    totalMs += times.idle + times.user + times.nice + times.sys + times.irq;
  }
  const interruptions = ask(() => globalThis.process?.resourceUsage?.().involuntaryContextSwitches, undefined);
  return {
    ...(totalMs > 0 && { machine: { idleMs, totalMs } }),
    ...(interruptions !== undefined && { interruptions }),
  };
}

/** Node options that say what this process runs, and whose value may stand behind them as the next argument. */
const WITH_VALUE = /^(?:-e|-p|-pe|--eval|--print|--input-type)(=|$)/;

/** The Node options that workers take over: those of this process, less those that say what it runs or where its debugger listens. */
export function inheritedOptions(options: readonly string[] = process.execArgv): string[] {
  const inherited: string[] = [];
  for (let at = 0; at < options.length; at++) {
    const option = options[at]!;
    const own = WITH_VALUE.exec(option);
    if (own === null) {
      if (!option.startsWith("--inspect")) inherited.push(option);
    } else if (own[1] === "") {
      at++;
    }
  }
  return inherited;
}
