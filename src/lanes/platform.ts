import { runlaneError } from "../core/errors/errors.ts";

/** The Node built-ins that lanes use. They are not imported: a plain `import "runlane"` must work where there are none. */
interface Builtins {
  "node:worker_threads": typeof import("node:worker_threads");
  "node:child_process": typeof import("node:child_process");
  "node:module": typeof import("node:module");
  "node:path": typeof import("node:path");
  "node:os": typeof import("node:os");
  "node:v8": typeof import("node:v8");
}

/** @throws RUNLANE_NO_THREADS */
export function builtin<Name extends keyof Builtins>(lane: string, name: Name): Builtins[Name] {
  const found = globalThis.process?.getBuiltinModule?.(name);
  if (found === undefined) throw runlaneError("RUNLANE_NO_THREADS", { lane, needed: name });
  return found as unknown as Builtins[Name];
}

export function availableCores(): number {
  return globalThis.process?.getBuiltinModule?.("node:os")?.availableParallelism() ?? 1;
}

/** How busy the machine and this process have been, in sums since some moment; without what is not known. */
export function machineLoad(): { machine?: { idleMs: number; totalMs: number }; interruptions?: number } {
  const cpus = globalThis.process?.getBuiltinModule?.("node:os")?.cpus() ?? [];
  let idleMs = 0;
  let totalMs = 0;
  for (const { times } of cpus) {
    idleMs += times.idle;
    totalMs += times.idle + times.user + times.nice + times.sys + times.irq;
  }
  const interruptions = globalThis.process?.resourceUsage?.().involuntaryContextSwitches;
  return {
    ...(totalMs > 0 && { machine: { idleMs, totalMs } }),
    ...(interruptions !== undefined && { interruptions }),
  };
}

/** The file that workers of one kind start with, wherever the code that asks has been bundled to. */
export function workerEntry(lane: string, kind: "thread" | "process"): string {
  const packageFile = builtin(lane, "node:module")
    .createRequire(import.meta.url)
    .resolve("runlane/package.json");
  const { dirname, join } = builtin(lane, "node:path");
  return join(dirname(packageFile), "dist", "lanes", "worker", `${kind}.js`);
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
