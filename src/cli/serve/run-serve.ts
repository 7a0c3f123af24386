import { parse, resolve } from "node:path";
import { pathToFileURL } from "node:url";
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
import { serveMcpStdio } from "./mcp-stdio.ts";
import { requestLogger } from "./request-log.ts";

/**
 * Runs `runlane serve`, until it is told to stop.
 *
 * @returns The exit code.
 * @throws CliError when a pipeline does not load, the port cannot be had, or there are no tokens.
 */
export async function runServe(options: ServeCommandOptions): Promise<number> {
  const { pipelines, lane, path, host, port, warm, grace, mcpStdio, log } = options;
  if (path !== undefined && pipelines.length > 1) {
    throw new CliError(
      "RUNLANE_CLI_USAGE",
      "--path is for a single pipeline; several are served at the names of their files",
    );
  }
  if (lane === "loop") stayOnLoop();
  // There, what is printed would be taken for a message.
  if (mcpStdio) for (const name of ["log", "info", "debug"] as const) console[name] = console.error;
  const chains: Record<string, Runnable> = {};
  const descriptions: Record<string, string> = {};
  for (const file of pipelines) {
    const name = nameOf(file);
    if (Object.hasOwn(chains, name)) {
      throw new CliError("RUNLANE_CLI_USAGE", `two pipelines would be served at /${name}; rename one of the files`);
    }
    const loaded = await loadPipeline(file);
    const atMost = options.maxConcurrency ?? Number.POSITIVE_INFINITY;
    chains[name] = await placePipeline(loaded, { path: file, exportName: "default", lane, atMost });
    const { description } = (await import(pathToFileURL(resolve(file)).href)) as { description?: unknown };
    if (typeof description === "string") descriptions[name] = description;
  }
  const serving: ServeOptions = {
    maxConcurrency: options.maxConcurrency,
    maxQueueMs: options.maxQueueMs,
    timeout: options.timeout,
    bodyLimit: options.bodyLimit,
    configurableKeys: options.configurable,
    cors: options.cors,
    path,
    tokens: tokensOf(options.tokenEnv),
    onRequest: requestLogger(log, process.stderr),
    descriptions,
    version: readVersion(),
  };
  if (mcpStdio) return await serveMcpStdio(chains, serving);
  const server = createServer(chains, serving);
  // Whoever asks while it warms up is answered, and /readyz says that it is better not to.
  server.isReady = !warm;
  const url = await listen(server, { host, port });
  const stop = new AbortController();
  if (warm) {
    for (const chain of Object.values(chains))
      await warmUp(chain, { signal: stop.signal, stderr: process.stderr, quiet: false });
    server.isReady = true;
  }
  process.stdout.write(`listening on ${url}\n`);
  return await untilStopped(server, grace);
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

/** Waits for a signal, and for what is in flight. A second signal ends the process at once. */
function untilStopped(server: RunlaneServer, graceMs: number): Promise<number> {
  return new Promise((resolve) => {
    let isStopping = false;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        if (isStopping) process.exit(signal === "SIGINT" ? EXIT.interrupted : EXIT.terminated);
        isStopping = true;
        void server.stop({ graceMs }).then(() => resolve(EXIT.done));
      });
    }
  });
}
