import type { ChildProcess } from "node:child_process";
import { builtin, inheritedOptions, workerEntry } from "../platform.ts";
import type { PoolSettings } from "../pool/pool-options.ts";
import type { FromWorker, ToWorker } from "../protocol/messages.ts";
import type { Transport, WorkerEvents, WorkerHandle } from "../protocol/transport.ts";

/** A process that does not end on SIGTERM is killed after this. */
const KILL_AFTER_MS = 200;
/** What a process has written arrives after its end; a channel that stays open longer is given up. */
const LAST_WORDS_MS = 1000;

const ignore = () => {};
const children = new Set<ChildProcess>();

/** Starts child processes. */
export class ProcessTransport implements Transport {
  readonly sharesMemory = false;

  constructor(private readonly settings: PoolSettings) {}

  start(events: WorkerEvents): WorkerHandle {
    const { fork } = builtin("process", "node:child_process");
    const { env } = this.settings;
    const child = fork(workerEntry("process", "process"), [String(process.pid)], {
      serialization: "advanced",
      // What it prints goes where this process prints, in order: nothing can get lost on the way.
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      execArgv: this.execArgv(),
      ...(env && { env: { ...process.env, ...env } }),
    });
    child.unref();
    child.channel?.unref();
    if (children.size === 0) process.on("exit", killAll);
    children.add(child);
    listen(child, events);
    return new ProcessHandle(child);
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

/** The end of a process is told once it is gone and all that it had written has been read. */
function listen(child: ChildProcess, events: WorkerEvents): void {
  let code: number | null = null;
  let signal: string | null = null;
  let error: unknown;
  let hasExited = false;
  let isDisconnected = false;
  let isTold = false;
  const tell = () => {
    if (isTold) return;
    isTold = true;
    children.delete(child);
    if (children.size === 0) process.off("exit", killAll);
    events.exit({ code, signal, error });
  };
  child.on("message", (message) => {
    if (!isTold) events.message(message as FromWorker);
  });
  child.on("error", (cause) => {
    error ??= cause;
    // It could not be started: there will be no exit.
    if (child.pid === undefined) tell();
  });
  child.on("exit", (exitCode, exitSignal) => {
    code = exitCode;
    signal = exitSignal;
    hasExited = true;
    if (isDisconnected || !child.connected) tell();
    else setTimeout(tell, LAST_WORDS_MS).unref();
  });
  child.on("disconnect", () => {
    isDisconnected = true;
    if (hasExited) tell();
    else setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS).unref();
  });
}

function killAll(): void {
  for (const child of children) child.kill("SIGKILL");
}

class ProcessHandle implements WorkerHandle {
  constructor(private readonly child: ChildProcess) {}

  send(message: ToWorker): void {
    this.child.send(message, ignore);
  }

  position(): null {
    return null;
  }

  /** The end of the channel tells it. It may outlive this process by a moment. */
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
