import { builtinModule } from "../../core/platform.ts";

// Taken now: user code may put something else in their place.
const { performance, process } = globalThis;

export const now: () => number = performance.now.bind(performance);

/** Measures how busy the worker was between two reports. The time it waited for events does not count. */
export class BusyClock {
  private at = now();
  private idle = idleMs();
  private cpu = cpuMs();

  /** When the last report was made, or the work after it began. */
  get since(): number {
    return this.at;
  }

  /** Something begins, and nothing else was going on. Where the platform does not say how long it waited before, it begins anew. */
  wake(): void {
    if (!tellsIdle) this.take();
  }

  /** Counts so many milliseconds as waiting, although the event loop did not wait. */
  rest(ms: number): void {
    this.at += ms;
  }

  take(): { busyMs: number; cpuMs: number } {
    const at = now();
    const idle = idleMs();
    const cpu = cpuMs();
    const taken = { busyMs: Math.max(0, at - this.at - (idle - this.idle)), cpuMs: cpu - this.cpu };
    this.at = at;
    this.idle = idle;
    this.cpu = cpu;
    return taken;
  }
}

/** Whether the platform says how long its event loop waited. */
const tellsIdle = typeof performance.eventLoopUtilization === "function";

function idleMs(): number {
  return tellsIdle ? performance.eventLoopUtilization().idle : 0;
}

type CpuUsage = () => { user: number; system: number };
const { threadCpuUsage, cpuUsage } = (process ?? {}) as { threadCpuUsage?: CpuUsage; cpuUsage?: CpuUsage };
// A child process has its CPU time to itself; a thread needs a clock of its own, which Node has since 23.9.
const usage = threadCpuUsage ?? (builtinModule("node:worker_threads")?.isMainThread ? cpuUsage : undefined);

function cpuMs(): number {
  if (usage === undefined) return 0;
  const { user, system } = usage.call(process);
  return (user + system) / 1000;
}
