import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const FIXTURES = new URL("../fixtures/aws-lambda/", import.meta.url);

/** What a function answered to one event. */
export interface Answer {
  kind: "response" | "error";
  headers: IncomingMessage["headers"];
  trailers: IncomingMessage["trailers"];
  body: string;
}

export interface FunctionOptions {
  /** What the function finds in its environment. */
  env?: Record<string, string>;
  /** The file of the function, when it is none of the fixtures. */
  file?: string;
}

/** A function in a process of its own, and the runtime API that AWS Lambda would offer it. Both end with the test. */
export class LambdaFunction {
  /** What the function said while it started, if that failed. */
  readonly initError: Promise<string>;
  /** Settles when the function asks for its first event: the end of the init phase. */
  readonly initialized: Promise<void>;
  private initFailed!: (body: string) => void;
  private initDone!: () => void;
  private asking: ServerResponse | undefined;
  private readonly events: { id: string; event: unknown; timeoutMs: number }[] = [];
  private readonly answers = new Map<string, (answer: Answer) => void>();
  private readonly chunkListeners = new Map<string, (chunk: string) => void>();
  private count = 0;
  private stop!: () => void;

  private constructor() {
    this.initError = new Promise((resolve) => {
      this.initFailed = resolve;
    });
    this.initialized = new Promise((resolve) => {
      this.initDone = resolve;
    });
  }

  private static readonly lasting = new Map<string, Promise<LambdaFunction>>();

  /** A function that serves one test after the other, until {@link stopLasting} ends it. */
  static of(name: string): Promise<LambdaFunction> {
    const started = LambdaFunction.lasting.get(name) ?? LambdaFunction.launch(name, {});
    LambdaFunction.lasting.set(name, started);
    return started;
  }

  static async stopLasting(): Promise<void> {
    for (const func of LambdaFunction.lasting.values()) (await func).stop();
    LambdaFunction.lasting.clear();
  }

  /** Starts a function for one test: an export of a fixture. */
  static async start(name: string, options: FunctionOptions = {}): Promise<LambdaFunction> {
    const func = await LambdaFunction.launch(name, options);
    onTestFinished(() => func.stop());
    return func;
  }

  private static async launch(name: string, options: FunctionOptions): Promise<LambdaFunction> {
    const { env = {}, file = fileURLToPath(new URL("functions.mjs", FIXTURES)) } = options;
    const made = new LambdaFunction();
    const server = createServer((request, response) => void made.serve(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const child = spawn(process.execPath, [fileURLToPath(new URL("bootstrap.mjs", FIXTURES))], {
      env: { ...process.env, ...env, AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`, _HANDLER: `${file}#${name}` },
      stdio: ["ignore", "ignore", env.SILENT ? "ignore" : "inherit"],
    });
    made.stop = () => {
      child.kill("SIGKILL");
      server.closeAllConnections();
      server.close();
    };
    return made;
  }

  /** Sends an event, and waits for the answer. */
  invoke(
    event: unknown,
    { timeoutMs = 10_000, onChunk }: { timeoutMs?: number; onChunk?: (chunk: string) => void } = {},
  ) {
    const id = `request-${++this.count}`;
    const answered = new Promise<Answer>((resolve) => this.answers.set(id, resolve));
    if (onChunk !== undefined) this.chunkListeners.set(id, onChunk);
    this.events.push({ id, event, timeoutMs });
    this.handOver();
    return answered;
  }

  private handOver(): void {
    if (this.asking === undefined) return;
    const next = this.events.shift();
    if (next === undefined) return;
    this.asking.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": next.id,
      "lambda-runtime-deadline-ms": String(Date.now() + next.timeoutMs),
      "lambda-runtime-invoked-function-arn": "arn:aws:lambda:us-east-1:123456789012:function:test",
    });
    this.asking.end(JSON.stringify(next.event));
    this.asking = undefined;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = "" } = request;
    if (url === "/2018-06-01/runtime/invocation/next") {
      this.initDone();
      this.asking = response;
      this.handOver();
      return;
    }
    const [, id = "", kind = ""] = /^\/2018-06-01\/runtime\/invocation\/(.+)\/(response|error)$/.exec(url) ?? [];
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) {
      body += chunk;
      this.chunkListeners.get(id)?.(chunk);
    }
    response.writeHead(202).end("{}");
    if (url === "/2018-06-01/runtime/init/error") this.initFailed(body);
    const { headers, trailers } = request;
    this.answers.get(id)?.({ kind: kind as Answer["kind"], headers, trailers, body });
  }
}
