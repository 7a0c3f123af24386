import { type Command, InvalidArgumentError, Option } from "commander";
import { CliError } from "./cli-error.ts";
import { milliseconds, PIPELINE_LANES, type PipelineLane, portNumber, positiveInteger, watchTime } from "./options.ts";

/** How requests are told of: not at all, a line of JSON for each, or a line to read. */
const LOGS = ["none", "json", "pretty"] as const;

/** `runlane serve`, as the command line asks for it, checked as far as one option can be checked alone. */
export interface ServeCommandOptions {
  /** The modules of the pipelines. */
  readonly pipelines: readonly string[];
  readonly port: number;
  readonly host: string;
  /** The path of a single pipeline; the name of its file unless set. */
  readonly path?: string | undefined;
  /** Where the pipelines run, whatever lanes their steps have. */
  readonly lane?: PipelineLane | undefined;
  /** Whether everything that the pipelines use is loaded before the server is ready. */
  readonly warm: boolean;
  /** The name of a variable of the environment with the tokens, one of which a request has to have. */
  readonly tokenEnv?: string | undefined;
  readonly maxConcurrency?: number | undefined;
  readonly maxQueueMs: number;
  readonly timeout?: number | undefined;
  /** In bytes. */
  readonly bodyLimit: number;
  readonly maxBatchInputs: number;
  /** Keys of `config.configurable` that clients may set. */
  readonly configurable?: readonly string[] | undefined;
  /** Origins that browsers may ask from. */
  readonly cors?: readonly string[] | undefined;
  readonly log: (typeof LOGS)[number];
  /** Milliseconds for what is in flight when the server is told to stop. */
  readonly grace: number;
  /** An event loop that is held for so many milliseconds is told of while it is; `true` for the usual time. */
  readonly watch?: number | true | undefined;
  /** Whether a new server takes the place of this one when the sources change. */
  readonly reload: boolean;
  /** Whether spans and metrics go to where the variables `OTEL_*` say. */
  readonly otel: boolean;
  /** Whether it speaks the Model Context Protocol over standard input and output, in the place of HTTP. */
  readonly mcpStdio: boolean;
  /** The port of a page that shows what the pipelines do; `true` for any. */
  readonly inspect?: number | true | undefined;
  /** Whether the page shows inputs and outputs. */
  readonly inspectValues?: boolean | undefined;
}

/** The text of `runlane help serve` below the options. */
const SERVE_HELP = `
Paths:
  A pipeline is served at the name of its file: chains/summarize.ts at /summarize. Each has the
  paths of LangServe (POST /summarize/invoke, /batch, /stream, ...), /summarize/chat for the AI
  SDK, and is a tool at /mcp when its module exports a description and the pipeline has a schema
  of objects (withTypes). /healthz and /readyz are for whoever watches the server.

Stopping:
  SIGTERM and SIGINT: it says that it is not ready, lets what is in flight end, and exits with 0.
  A second one ends it at once.

Examples:
  Serve a pipeline, and ask it:
    $ runlane serve summarize.ts
    $ curl localhost:8080/summarize/invoke -H 'content-type: application/json' -d '{"input": "..."}'
  Run it in threads, 16 runs at once, for those who have a token:
    $ TOKENS=old,new runlane serve summarize.ts --lane thread --max-concurrency 16 --token-env TOKENS
  Give it to an agent as a tool:
    $ runlane serve summarize.ts --mcp-stdio
`;

/** Adds `runlane serve`. @param onExit Is told the exit code. */
export function serveCommand(program: Command, args: readonly string[], onExit: (code: number) => void): void {
  program
    .command("serve")
    .helpOption("-h, --help", "print this help")
    .usage("<pipeline...> [options]")
    .argument("<pipeline...>", "modules of pipelines, .ts or .js")
    .summary("serve pipelines by HTTP")
    .description("Serves pipelines by HTTP: for LangServe's clients, front ends, agents and curl.")
    .optionsGroup("Address:")
    .option("-p, --port <port>", "listen on this port; 0 takes any", portNumber, 8080)
    .option("--host <host>", "listen on this address", "127.0.0.1")
    .option("--path <path>", "serve a single pipeline at this path")
    .optionsGroup("Who may ask:")
    .option("--token-env <name>", "ask for one of the tokens in this variable, separated by commas")
    .option("--cors <origin...>", "let browsers ask from these origins; * for all")
    .option("--configurable <key...>", "let clients set these keys of config.configurable")
    .optionsGroup("Run:")
    .addOption(new Option("--lane <lane>", "run the pipelines there, whatever they say").choices(PIPELINE_LANES))
    .option("--warm", "load everything that the pipelines use before the server is ready")
    .option("-c, --max-concurrency <count>", "have at most this many runs of each at once", positiveInteger)
    .option("--max-queue-ms <ms>", "refuse requests that would wait longer, with 503", milliseconds, 50)
    .option("--timeout <ms>", "end runs that take longer, with 504", milliseconds)
    .option("--body-limit <size>", "refuse larger bodies, with 413: 500kb, 1mb", bytes, 1 << 20)
    .option("--max-batch-inputs <count>", "refuse batches of more inputs, with 422", positiveInteger, 10_000)
    .option("--grace <ms>", "wait so long for what is in flight at the end", milliseconds, 10_000)
    .optionsGroup("Look:")
    .addOption(new Option("--log <form>", "tell of requests on standard error").choices(LOGS).default("pretty"))
    .option("--inspect [port]", "serve a page that shows what the pipelines do, and print its link", portNumber)
    .option("--inspect-values", "show inputs and outputs there: they may be secrets")
    .option("--watch [ms]", "say which step holds the event loop for so long, while it does (default: 100)", watchTime)
    .option("--otel", "send spans and metrics to where the OTEL_* variables say")
    .option("--reload", "start anew when the sources change, without losing a request")
    .optionsGroup("Instead of HTTP:")
    .option("--mcp-stdio", "speak the Model Context Protocol on standard input and output instead")
    .addHelpText("after", SERVE_HELP)
    .action(async (pipelines: string[], parsed: Omit<ServeCommandOptions, "pipelines">) => {
      const { warm = false, mcpStdio = false, reload = false, otel = false } = parsed;
      if (reload && mcpStdio)
        throw new CliError("RUNLANE_CLI_USAGE", "--reload is for HTTP: an agent starts --mcp-stdio itself");
      if (reload) {
        const { serveAndReload } = await import("./serve/reload.ts");
        onExit(await serveAndReload(pipelines, args));
        return;
      }
      const { runServe } = await import("./serve/run-serve.ts");
      onExit(await runServe({ ...parsed, warm, mcpStdio, reload, otel, pipelines }));
    });
}

const UNITS: Readonly<Record<string, number>> = { "": 1, b: 1, kb: 1 << 10, mb: 1 << 20, gb: 1 << 30 };

function bytes(text: string): number {
  const found = /^(\d+(?:\.\d+)?)\s*([kmg]?b)?$/i.exec(text.trim());
  const size = found === null ? 0 : Number(found[1]) * UNITS[(found[2] ?? "").toLowerCase()]!;
  if (!(size >= 1)) throw new InvalidArgumentError("It must be a size, as in 500kb or 1mb.");
  return Math.floor(size);
}
