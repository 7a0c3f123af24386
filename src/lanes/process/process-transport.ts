import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { unref } from "../../core/platform.ts";
import { builtin, inheritedOptions } from "../platform.ts";
import type { PoolSettings } from "../pool/pool-options.ts";
import { FrameReader, INBOX, NO_PULSE, OUTBOX, PULSE, writeFrame } from "../protocol/frames.ts";
import type { FromWorker, ToWorker } from "../protocol/messages.ts";
import type { Transport, WorkerConnection, WorkerEvents, WorkerVitals } from "../protocol/transport.ts";
import { workerFile } from "../worker-file.ts";

/** A process that does not end on SIGTERM is killed after so many milliseconds. */
const KILL_AFTER_MS = 200;
/** The time for messages that arrive after the end of a process, in milliseconds; a channel that stays open longer is given up. */
const LAST_WORDS_MS = 1000;

/** The time in milliseconds after which the thread that gives a process its pulse is up, even on a busy machine. */
const FIRST_PULSE_MS = 5000;

const ignore = () => {};
const children = new Set<ChildProcess>();

/** The file descriptor to which child processes print: standard output, unless that is kept for something else. */
export const childOutput = { fd: 1 };

/** Starts child processes. */
export class ProcessTransport implements Transport {
  readonly sharesMemory = false;

  constructor(private readonly settings: PoolSettings) {}

  start(events: WorkerEvents): WorkerConnection {
    const { spawn } = builtin("process", "node:child_process");
    const v8 = builtin("process", "node:v8");
    const { env } = this.settings;
    // On Windows, only such pipes can be read without waiting.
    const pipe = process.platform === "win32" ? "overlapped" : "pipe";
    const child = spawn(process.execPath, [...this.execArgv(), workerFile("process", "process"), String(process.pid)], {
      // The process prints where this one prints, in order: nothing can get lost on the way. Messages have pipes of their own, one for
      // each direction: when writing fails, what has been written to this process can still be read.
      stdio: ["ignore", childOutput.fd, "inherit", pipe, pipe, pipe],
      env: { ...process.env, ...(process.versions.electron !== undefined && { ELECTRON_RUN_AS_NODE: "1" }), ...env },
    });
    const [inbox, outbox, pulse] = [INBOX, OUTBOX, PULSE].map((fd) => child.stdio[fd]) as [Socket, Socket, Socket];
    child.unref();
    if (children.size === 0) process.on("exit", killAll);
    children.add(child);
    listen(child, outbox, events, v8);
    // It has gone, which is told by its end.
    unref(inbox?.on("error", ignore));
    const connection = new ProcessConnection(child, (message) => writeFrame(v8, inbox, message));
    pulse?.on("data", (bytes) => connection.onPulse(bytes));
    unref(pulse?.on("error", ignore));
    outbox?.on("data", () => connection.onNews());
    return connection;
  }

  private execArgv(): string[] {
    const { execArgv, resourceLimits: { maxOldGenerationSizeMb, maxYoungGenerationSizeMb } = {} } = this.settings;
    // A debugger's port can be used once.
    const args = execArgv === undefined ? inheritedOptions() : [...execArgv];
    if (maxOldGenerationSizeMb !== undefined) args.push(`--max-old-space-size=${maxOldGenerationSizeMb}`);
    if (maxYoungGenerationSizeMb !== undefined) args.push(`--max-semi-space-size=${maxYoungGenerationSizeMb}`);
    return args;
  }
}

/** Listens to a process. Its end is told once it is gone and all that it had written has been read. */
function listen(
  child: ChildProcess,
  outbox: Socket | undefined,
  events: WorkerEvents,
  v8: typeof import("node:v8"),
): void {
  let code: number | null = null;
  let signal: string | null = null;
  let error: unknown;
  let hasExited = false;
  let isRead = false;
  let isTold = false;
  const tell = () => {
    if (isTold) return;
    isTold = true;
    children.delete(child);
    if (children.size === 0) process.off("exit", killAll);
    events.onExit({ code, signal, error });
  };
  const reader = new FrameReader(
    v8,
    (message) => {
      if (!isTold) events.onMessage(message as FromWorker);
    },
    (cause) => {
      error ??= cause;
      child.kill("SIGKILL");
    },
  );
  child.on("error", (cause) => {
    error ??= cause;
    // It could not be started: there will be no exit.
    if (child.pid === undefined) tell();
  });
  child.on("exit", (exitCode, exitSignal) => {
    code = exitCode;
    signal = exitSignal;
    hasExited = true;
    if (isRead) tell();
    else setTimeout(tell, LAST_WORDS_MS).unref();
  });
  outbox?.on("data", (bytes) => reader.push(bytes));
  outbox?.on("error", ignore);
  outbox?.on("close", () => {
    isRead = true;
    if (hasExited) tell();
    else setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS).unref();
  });
  unref(outbox);
}

function killAll(): void {
  for (const child of children) child.kill("SIGKILL");
}

class ProcessConnection implements WorkerConnection {
  private readonly startedAt = performance.now();
  private hasPulse = false;
  private hasNone = false;
  private signs = 0;

  constructor(
    private readonly child: ChildProcess,
    readonly send: (message: ToWorker) => void,
  ) {}

  progress(): null {
    return null;
  }

  onPulse(bytes: Uint8Array): void {
    this.hasPulse = true;
    if (bytes.includes(NO_PULSE)) this.hasNone = true;
    this.signs++;
  }

  onNews(): void {
    this.signs++;
  }

  /** The pulse of the process. It has one while it has something to do, unless its pulse thread failed or has not started yet. */
  vitals(): WorkerVitals {
    const isYoung = !this.hasPulse && performance.now() - this.startedAt < FIRST_PULSE_MS;
    return { signs: this.signs, received: undefined, isExcused: this.hasNone || isYoung };
  }

  /** Does nothing: the process notices the end of its pipe, and may outlive this one by a moment. */
  endNow(): () => void {
    children.delete(this.child);
    return ignore;
  }

  kill(): void {
    const { child } = this;
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS).unref();
  }
}
