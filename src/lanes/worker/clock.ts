import { performance } from "node:perf_hooks";
import process from "node:process";
import { isMainThread } from "node:worker_threads";

/** Measures how busy the worker was between two reports. The time it waited for events does not count. */
export class BusyClock {
  private at = performance.now();
  private idle = performance.eventLoopUtilization().idle;
  private cpu = cpuMs();

  /** When the last report was made, or the work after it began. */
  get since(): number {
    return this.at;
  }

  /** Counts so many milliseconds as waiting, although the event loop did not wait. */
  rest(ms: number): void {
    this.at += ms;
  }

  take(): { busyMs: number; cpuMs: number } {
    const now = performance.now();
    const { idle } = performance.eventLoopUtilization();
    const cpu = cpuMs();
    const taken = { busyMs: Math.max(0, now - this.at - (idle - this.idle)), cpuMs: cpu - this.cpu };
    this.at = now;
    this.idle = idle;
    this.cpu = cpu;
    return taken;
  }
}

type CpuUsage = () => { user: number; system: number };
const { threadCpuUsage } = process as unknown as { threadCpuUsage?: CpuUsage };
// A child process has its CPU time to itself; a thread needs a clock of its own, which Node has since 23.9.
const usage: CpuUsage | undefined = threadCpuUsage ?? (isMainThread ? process.cpuUsage : undefined);

function cpuMs(): number {
  if (usage === undefined) return 0;
  const { user, system } = usage.call(process);
  return (user + system) / 1000;
}
