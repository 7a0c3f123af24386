import cluster from "node:cluster";
import { parse, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Inspection } from "../../inspect/inspect.ts";
import { stayOnLoop } from "../../lanes/named-lanes.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import type { ServeOptions } from "../../serve/options.ts";
import { createServer, type RunlaneServer } from "../../serve/server.ts";
import { CliError, EXIT, messageOf, systemCode } from "../cli-error.ts";
import { readVersion } from "../paths.ts";
import { loadPipeline } from "../pipeline/load-pipeline.ts";
import { placePipeline } from "../pipeline/place-pipeline.ts";
import { warmUp } from "../run/warm-up.ts";
import type { ServeCommandOptions } from "../serve.ts";
import { startTelemetry } from "../telemetry.ts";
import { startWatchdog } from "../watchdog.ts";
import { serveMcpStdio } from "./mcp-stdio.ts";
import { type Listening, REPLACED, STOP } from "./reload.ts";
import { requestLogger } from "./request-log.ts";

/**
 * Runs `runlane serve`, until it is told to stop.
 *
 * @returns The exit code.
 * @throws CliError when a pipeline does not load, the port cannot be had, or there are no tokens.
 */
export async function runServe(options: ServeCommandOptions): Promise<number> {
  const { pipelines, lane, path, mcpStdio, otel } = options;
  if (path !== undefined && pipelines.length > 1) {
    throw new CliError(
      "RUNLANE_CLI_USAGE",
      "--path is for a single pipeline; several are served at the names of their files",
    );
  }
  if (lane === "loop") stayOnLoop();
  // There, what is printed would be taken for a message.
  if (mcpStdio) for (const name of ["log", "info", "debug"] as const) console[name] = console.error;
  const telemetry = otel ? await startTelemetry(pipelines[0]!) : undefined;
  const watchdog = await startWatchdog(options.watch);
  try {
    const { chains, descriptions } = await loadChains(options);
    const serving: ServeOptions = {
      maxConcurrency: options.maxConcurrency,
      maxQueueMs: options.maxQueueMs,
      timeout: options.timeout,
      bodyLimit: options.bodyLimit,
      maxBatchInputs: options.maxBatchInputs,
      configurableKeys: options.configurable,
      cors: options.cors,
      path,
      tokens: tokensOf(options.tokenEnv),
      onRequest: requestLogger(options.log, process.stderr),
      heartbeat: watchdog?.heartbeat,
      descriptions,
      version: readVersion(),
    };
    return await (mcpStdio ? serveMcpStdio(chains, serving) : serveHttp(chains, serving, options));
  } finally {
    await watchdog?.stop();
    await telemetry?.stop();
  }
}

interface LoadedChains {
  readonly chains: Record<string, Runnable>;
  /** The description of each chain that agents read. */
  readonly descriptions: Record<string, string>;
}

/** The chains of the pipelines, by the names of their files. @throws CliError */
async function loadChains({ pipelines, lane, maxConcurrency }: ServeCommandOptions): Promise<LoadedChains> {
  const chains: Record<string, Runnable> = {};
  const descriptions: Record<string, string> = {};
  for (const file of pipelines) {
    const name = nameOf(file);
    if (Object.hasOwn(chains, name)) {
      throw new CliError("RUNLANE_CLI_USAGE", `two pipelines would be served at /${name}; rename one of the files`);
    }
    const loaded = await loadPipeline(file);
    const atMost = maxConcurrency ?? Number.POSITIVE_INFINITY;
    chains[name] = await placePipeline(loaded, { path: file, exportName: "default", lane, atMost });
    const { description } = (await import(pathToFileURL(resolve(file)).href)) as { description?: unknown };
    if (typeof description === "string") descriptions[name] = description;
  }
  return { chains, descriptions };
}

/** Serves until it is told to stop. @returns The exit code. */
async function serveHttp(
  chains: Record<string, Runnable>,
  serving: ServeOptions,
  options: ServeCommandOptions,
): Promise<number> {
  const { host, port, warm, grace } = options;
  const server = createServer(chains, serving);
  const load = async (): Promise<void> => {
    const { signal } = new AbortController();
    for (const chain of Object.values(chains)) await warmUp(chain, { signal, stderr: process.stderr, quiet: false });
  };
  // One that takes the place of another is asked as soon as it listens.
  if (warm && cluster.isWorker) await load();
  // Whoever asks while it warms up is answered, and /readyz says that it is better not to.
  server.isReady = !warm || cluster.isWorker;
  const url = await listen(server, { host, port });
  if (!server.isReady) {
    await load();
    server.isReady = true;
  }
  if (cluster.isWorker) cluster.worker!.send({ listening: url } satisfies Listening);
  else process.stdout.write(`listening on ${url}\n`);
  const inspection = await startInspecting(chains, options);
  const code = await untilStopped(server, grace);
  await inspection?.close();
  return code;
}

/** Serves the page of the inspector, at a port and with a token of its own. */
async function startInspecting(
  chains: Readonly<Record<string, Runnable>>,
  { inspect: port, inspectValues: values }: ServeCommandOptions,
): Promise<Inspection | undefined> {
  if (port === undefined) return undefined;
  const { inspect } = await import("../../inspect/inspect.ts");
  const inspection = await inspect(chains, { port: port === true ? 0 : port, values });
  process.stderr.write(`runlane: what it does is shown at ${inspection.url}\n`);
  return inspection;
}

/** A pipeline is called as its file is. */
function nameOf(file: string): string {
  const { name } = parse(file);
  if (/^[\w\-.~]+$/.test(name)) return name;
  throw new CliError(
    "RUNLANE_CLI_USAGE",
    `a pipeline cannot be served at the path /${name}; give it another file name, or a --path`,
  );
}

function tokensOf(variable: string | undefined): string[] | undefined {
  if (variable === undefined) return undefined;
  const tokens = (process.env[variable] ?? "").split(",").map((token) => token.trim());
  const present = tokens.filter((token) => token !== "");
  if (present.length > 0) return present;
  throw new CliError("RUNLANE_CLI_USAGE", `--token-env: the variable ${variable} has no token in it`);
}

async function listen(
  server: RunlaneServer,
  address: { readonly host: string; readonly port: number },
): Promise<string> {
  try {
    return (await server.listen(address)).url;
  } catch (error) {
    const { host, port } = address;
    const reasons: Readonly<Record<string, string>> = {
      EADDRINUSE: "another program has it; choose another one by --port, or 0 for any",
      EACCES: "it needs rights that this user has not; ports from 1024 up need none",
      EADDRNOTAVAIL: "this machine has no such address",
    };
    const code = systemCode(error) ?? "";
    const reason = Object.hasOwn(reasons, code) ? reasons[code] : messageOf(error);
    throw new CliError("RUNLANE_CLI_START", `cannot listen on ${host}:${port}: ${reason}`, { cause: error });
  }
}

/** The time in milliseconds that a process which has been replaced leaves to clients that still have connections: nobody waits for it. */
const REPLACED_LINGER_MS = 5000;

/** Waits for a signal, and for what is in flight. A second signal ends the process at once. */
function untilStopped(server: RunlaneServer, graceMs: number): Promise<number> {
  return new Promise((resolve) => {
    let isStopping = false;
    const stop = (lingerMs?: number): void => {
      isStopping = true;
      void server.stop({ graceMs, lingerMs }).then(() => resolve(EXIT.done));
    };
    const { worker } = cluster;
    worker?.on("message", (message) => {
      if (message === REPLACED && !isStopping) stop(REPLACED_LINGER_MS);
      else if (message === STOP && !isStopping) stop();
      else if (message === STOP) server.http.closeIdleConnections();
    });
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        // A terminal sends it to all processes, and the one that reloads passes it on.
        if (worker !== undefined) return;
        if (isStopping) process.exit(signal === "SIGINT" ? EXIT.interrupted : EXIT.terminated);
        stop();
      });
    }
  });
}
