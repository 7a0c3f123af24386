import { AsyncLocalStorage } from "node:async_hooks";
import { createHash } from "node:crypto";
import { serialize } from "node:v8";
import type { ObservedRun, Observer } from "../../core/observer.ts";
import type { Step } from "../../core/step.ts";
import { type BlockingCall, interceptBlockingCalls } from "../blocking-calls.ts";

/** The number of inputs of a step that are kept, to try things with them. */
const KEPT = 5;

/** The measurements of one step. Times are in milliseconds. */
export class StepProbe {
  /** The times from the start of each run to its end, waiting included. */
  readonly wallMs: number[] = [];
  /** The times of each run before it first waited, without the steps inside. */
  readonly syncMs: number[] = [];
  /** The processor time of those, in all. */
  cpuMs = 0;
  failures: unknown[] = [];
  /** When each run that failed did so, and when each of the others ended, as `performance.now()` tells it. */
  readonly failedAt: number[] = [];
  readonly endedAt: number[] = [];
  running = 0;
  /** The largest number of runs at once. */
  mostAtOnce = 0;
  readonly inputs: unknown[] = [];
  /** The number of times that each input came, with the hash of its output. */
  readonly seen = new Map<string, { count: number; output: string | undefined; differs: boolean }>();
  readonly blocking = new Map<string, { call: BlockingCall; count: number; ms: number }>();

  constructor(
    readonly step: Step,
    readonly around: StepProbe | undefined,
  ) {}

  get runs(): number {
    return this.wallMs.length;
  }

  get syncTotalMs(): number {
    return this.syncMs.reduce((sum, ms) => sum + ms, 0);
  }
}

/** Measures each run of each step of a pipeline. It costs some 10 µs a step. */
export class Probe implements Observer {
  readonly steps = new Map<Step, StepProbe>();
  readonly root = undefined;
  private readonly current = new AsyncLocalStorage<StepProbe>();
  private insideMs = 0;
  private insideCpuMs = 0;
  private readonly restore: () => void;

  constructor() {
    this.restore = interceptBlockingCalls((call, proceed) => this.blocked(call, proceed));
  }

  /** Measures nothing more. */
  stop(): void {
    this.restore();
  }

  forInput(): Observer {
    return this;
  }

  withoutCallbacks(): Observer {
    return this;
  }

  /** Forgets the measurements, but not which steps there are. */
  clear(): void {
    for (const [step, { around }] of this.steps) this.steps.set(step, new StepProbe(step, around));
  }

  start(step: Step, input: unknown): ObservedRun {
    const probe = this.probeOf(step);
    const started = performance.now();
    probe.running++;
    probe.mostAtOnce = Math.max(probe.mostAtOnce, probe.running);
    if (probe.inputs.length < KEPT) probe.inputs.push(input);
    const key = step.path === undefined ? hashOf(input) : undefined;
    const ended = (): void => {
      probe.running--;
      probe.wallMs.push(performance.now() - started);
    };
    return {
      observer: this,
      within: (run) => this.timed(probe, run),
      end: (output) => {
        ended();
        probe.endedAt.push(performance.now());
        if (key !== undefined) note(probe, key, hashOf(output));
        return undefined;
      },
      fail: (error) => {
        ended();
        probe.failures.push(error);
        probe.failedAt.push(performance.now());
        if (key !== undefined) note(probe, key, "failed");
        return undefined;
      },
    };
  }

  private probeOf(step: Step): StepProbe {
    let probe = this.steps.get(step);
    if (probe === undefined) {
      probe = new StepProbe(step, this.current.getStore());
      this.steps.set(step, probe);
    }
    return probe;
  }

  private timed<T>(probe: StepProbe, run: () => T): T {
    const [beforeMs, beforeCpuMs] = [this.insideMs, this.insideCpuMs];
    this.insideMs = 0;
    this.insideCpuMs = 0;
    const cpu = process.cpuUsage();
    const started = performance.now();
    try {
      return this.current.run(probe, run);
    } finally {
      const ms = performance.now() - started;
      const { user, system } = process.cpuUsage(cpu);
      const cpuMs = (user + system) / 1000;
      probe.syncMs.push(ms - this.insideMs);
      probe.cpuMs += Math.max(0, cpuMs - this.insideCpuMs);
      this.insideMs = beforeMs + ms;
      this.insideCpuMs = beforeCpuMs + cpuMs;
    }
  }

  private blocked(call: BlockingCall, proceed: () => unknown): unknown {
    const probe = this.current.getStore();
    if (probe === undefined) return proceed();
    const started = performance.now();
    try {
      return proceed();
    } finally {
      const entry = probe.blocking.get(call.name) ?? { call, count: 0, ms: 0 };
      entry.count++;
      entry.ms += performance.now() - started;
      probe.blocking.set(call.name, entry);
    }
  }
}

function note({ seen }: StepProbe, key: string, output: string | undefined): void {
  const entry = seen.get(key);
  if (entry === undefined) {
    seen.set(key, { count: 1, output, differs: false });
    return;
  }
  entry.count++;
  if (output === undefined || entry.output !== output) entry.differs = true;
}

/** The hash of a value; undefined for one that cannot be cloned. */
function hashOf(value: unknown): string | undefined {
  try {
    return createHash("sha1").update(serialize(value)).digest("base64");
  } catch {
    return undefined;
  }
}
