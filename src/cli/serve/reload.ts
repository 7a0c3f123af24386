import cluster, { type Worker } from "node:cluster";
import { EXIT } from "../cli-error.ts";
import { absolutePath } from "../paths.ts";
import { projectOf, SourceWatch } from "./source-watch.ts";

/** The message of the process that serves to the one that watches the sources. */
export interface Listening {
  readonly listening: string;
}

/** The message that tells a process that serves to stop. */
export const STOP = "stop";

/** The message that tells it that another one serves from now on. */
export const REPLACED = "replaced";

/**
 * Serves in a process of its own, and puts a new one in its place when the sources change. Both listen on one socket, which this process
 * keeps: the old one ends what it has begun when the new one is ready. One that does not come up leaves the old one in its place.
 *
 * @param args The arguments of the command line.
 * @returns The exit code, when it is told to stop.
 */
export function serveAndReload(pipelines: readonly string[], args: readonly string[]): Promise<number> {
  // The program is that of this process: the command.
  cluster.setupPrimary({ args: args.filter((arg) => arg !== "--reload") });
  return new Promise((resolve) => new Reloader(pipelines.map(absolutePath), resolve));
}

class Reloader {
  /** The process that serves. */
  private serving: Worker | undefined;
  /** The process that is about to serve. */
  private starting: Worker | undefined;
  private hasChanged = false;
  private hasListened = false;
  private signal: NodeJS.Signals | undefined;
  private readonly sources: SourceWatch;

  constructor(
    pipelines: readonly string[],
    private readonly onEnd: (code: number) => void,
  ) {
    this.sources = new SourceWatch([...new Set(pipelines.map(projectOf))], () => this.changed());
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => this.stop(signal));
    this.start();
  }

  private changed(): void {
    if (this.signal !== undefined) return;
    // One that is coming up may have read the sources as they were.
    if (this.starting !== undefined) this.hasChanged = true;
    else this.start();
  }

  private start(): void {
    this.hasChanged = false;
    const from = performance.now();
    const worker = cluster.fork();
    this.starting = worker;
    worker.on("message", ({ listening }: Listening) => {
      if (this.starting !== worker) return;
      this.starting = undefined;
      if (!this.hasListened) process.stdout.write(`listening on ${listening}\n`);
      else process.stderr.write(`reloaded in ${Math.round(performance.now() - from)} ms\n`);
      this.hasListened = true;
      this.serving?.send(REPLACED);
      this.serving = worker;
      if (this.hasChanged) this.start();
    });
    worker.on("exit", (code) => this.ended(worker, code ?? EXIT.cannotRun));
  }

  private ended(worker: Worker, code: number): void {
    const wasStarting = this.starting === worker;
    const wasServing = this.serving === worker;
    if (wasStarting) this.starting = undefined;
    if (wasServing) this.serving = undefined;
    if (this.signal !== undefined || (wasStarting && !this.hasListened)) {
      if (Object.keys(cluster.workers ?? {}).length > 0) return;
      this.sources.stop();
      this.onEnd(code);
      return;
    }
    if (wasStarting && this.hasChanged) this.start();
    else if (wasStarting && this.serving !== undefined)
      process.stderr.write("runlane: the old version serves on, until the sources change\n");
    else if (wasServing && this.starting === undefined)
      process.stderr.write("runlane: the server has ended; it starts again when the sources change\n");
  }

  private stop(signal: NodeJS.Signals): void {
    const workers = Object.values(cluster.workers ?? {}) as Worker[];
    if (this.signal !== undefined || workers.length === 0) {
      for (const worker of workers) worker.process.kill("SIGKILL");
      process.exit(signal === "SIGINT" ? EXIT.interrupted : EXIT.terminated);
    }
    this.signal = signal;
    for (const worker of workers) worker.send(STOP);
  }
}
