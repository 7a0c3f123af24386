import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { runlaneError } from "../core/errors/errors.ts";
import { installedFile } from "../diagnose/package-folders.ts";
import type { FromServer, ServerData, ToServer } from "./messages.ts";
import { pageFile } from "./page-file.ts";

/** Where the page is served. */
export interface PageAddress {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/** It ends its connections and then itself; that takes no longer than this, in milliseconds. */
const CLOSE_MS = 1000;

/** The page, served from a thread of its own, so that it answers while the event loop here is held. It keeps no process alive. */
export class PageServer {
  /** How many look. */
  looking = 0;
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly worker: Worker,
    /** The address of the page, with the token that it takes to see it. */
    readonly url: string,
  ) {}

  /**
   * @param onLooking Told how many look, whenever that changes.
   * @throws RUNLANE_INSPECTOR when it cannot listen there.
   */
  static open({ host, port }: PageAddress, onLooking: (looking: number) => void): Promise<PageServer> {
    const token = randomBytes(16).toString("base64url");
    const workerData: ServerData = { host, port, token, file: pageFile() };
    const worker = new Worker(installedFile("the inspector", join("dist", "inspect", "server", "thread.js")), {
      name: "runlane-inspector",
      workerData,
      // What this process was started with, a loader for example, is not for it.
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16 },
    });
    let server: PageServer | undefined;
    return new Promise((resolve, reject) => {
      const fail = (reason: string, cause?: unknown) =>
        reject(runlaneError("RUNLANE_INSPECTOR", { host, port, reason }, { cause }));
      worker.on("message", (message: FromServer) => {
        if (message === "closed") return;
        if ("failure" in message) {
          void worker.terminate();
          fail(message.code === "EADDRINUSE" ? "another program has the port" : message.failure);
        } else if ("port" in message) {
          worker.unref();
          server = new PageServer(worker, `http://${shown(host)}:${message.port}/?token=${token}`);
          resolve(server);
        } else if (server !== undefined) {
          server.looking = message.looking;
          onLooking(message.looking);
        }
      });
      worker.on("error", (error) => fail(error.message, error));
    });
  }

  /** Shows a state to all who look. */
  show(state: string): void {
    this.send({ state });
  }

  close(): Promise<void> {
    this.closing ??= new Promise<void>((resolve) => {
      const timer = setTimeout(() => void this.worker.terminate(), CLOSE_MS);
      this.worker.once("exit", () => {
        clearTimeout(timer);
        resolve();
      });
      this.send({ close: true });
    });
    return this.closing;
  }

  private send(message: ToServer): void {
    this.worker.postMessage(message);
  }
}

function shown(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
