import type { McpServer } from "@modelcontextprotocol/server";
import { toWire } from "../adapters/wire/to-wire.ts";
import { missingPackage } from "../core/optional-package.ts";
import type { StandardSchema } from "../core/schema/standard-schema.ts";
import { onAbort } from "../core/signal.ts";
import { toJsonSchema } from "../graph/schema.ts";
import { RunnableToolLike } from "../runnables/kinds/tool-like.ts";
import { schemaIn } from "./langserve/schemas.ts";
import { McpSessions } from "./mcp-sessions.ts";
import { refusalOf, type ServedChain } from "./served-chain.ts";
import type { Exchange } from "./transport/exchange.ts";
import { Visit } from "./visit.ts";

/** The options for chains as tools of the Model Context Protocol. */
export interface McpOptions {
  /** Descriptions of chains for agents, by the names of the chains. Chains made by `asTool` bring one of their own. @default none */
  readonly descriptions?: Readonly<Record<string, string>> | undefined;
}

/** A chain that agents can call: it has a description, and a schema of objects, which arguments are. */
interface Tool {
  readonly chain: ServedChain;
  readonly description: string;
  readonly schema: StandardSchema;
}

const missing = (where: string) => missingPackage(where, "@modelcontextprotocol/server");

/** Chains as tools of the Model Context Protocol, in its version of 2026-07-28 and in those of 2025. */
export class McpTools {
  private readonly tools: readonly Tool[];
  private handler: Promise<(request: Request) => Promise<Response>> | undefined;
  /** The visits of the requests that are being answered: they say who asks. */
  private readonly visits = new WeakMap<Request, Visit>();

  constructor(
    chains: readonly ServedChain[],
    { descriptions = {} }: McpOptions,
    private readonly bodyLimit: number,
    private readonly version: string,
  ) {
    this.tools = chains.flatMap((chain) => {
      const { name, runnable } = chain;
      const own = runnable instanceof RunnableToolLike ? runnable.description : undefined;
      const description = Object.hasOwn(descriptions, name) ? descriptions[name] : own;
      const schema = runnable instanceof RunnableToolLike ? runnable.schema : schemaIn(runnable);
      if (description === undefined || schema === undefined) return [];
      return toJsonSchema(schema).type === "object" ? [{ chain, description, schema: schema as StandardSchema }] : [];
    });
  }

  /** The names of the chains that are tools. */
  get names(): readonly string[] {
    return this.tools.map(({ chain }) => chain.name);
  }

  /** Answers a request to the endpoint `/mcp`. @throws RUNLANE_MISSING_PACKAGE */
  async answer(visit: Visit): Promise<void> {
    this.handler ??= this.createHandler();
    const handle = await this.handler;
    const request = await requestOf(visit.exchange, this.bodyLimit);
    this.visits.set(request, visit);
    await respondWith(visit.exchange, await handle(request));
  }

  /** Speaks the protocol over standard input and output until the client closes them. @throws RUNLANE_MISSING_PACKAGE */
  async serveStdio(): Promise<void> {
    const isMissing = missing("runlane/serve");
    const { McpServer } = await import("@modelcontextprotocol/server").catch(isMissing);
    const { StdioServerTransport } = await import("@modelcontextprotocol/server/stdio").catch(isMissing);
    const visit = new Visit(new SilentExchange());
    const server = this.register(new McpServer({ name: "runlane", version: this.version }), visit);
    const closed = new Promise<void>((resolve) => {
      server.server.onclose = resolve;
    });
    process.stdin.once("end", () => void server.close());
    await server.connect(new StdioServerTransport());
    await closed;
  }

  private async createHandler(): Promise<(request: Request) => Promise<Response>> {
    const sdk = await import("@modelcontextprotocol/server").catch(missing("The endpoint /mcp"));
    const { createMcpHandler, isLegacyRequest, McpServer, originValidationResponse, localhostAllowedOrigins } = sdk;
    const newServer = (visit?: Visit) =>
      this.register(new McpServer({ name: "runlane", version: this.version }), visit);
    const sessions = new McpSessions(
      (onsessioninitialized) =>
        new sdk.WebStandardStreamableHTTPServerTransport({
          sessionIdGenerator: () => crypto.randomUUID(),
          onsessioninitialized,
        }),
      newServer,
    );
    return async (request) => {
      // Pages that a browser shows must not reach a server on the same machine by its address.
      const foreign = originValidationResponse(request, localhostAllowedOrigins());
      if (foreign !== undefined) return foreign;
      const visit = this.visits.get(request)!;
      const options = { maxRequestBodySize: this.bodyLimit };
      return (await isLegacyRequest(request.clone(), undefined, options))
        ? sessions.answer(request, visit.client.id)
        : createMcpHandler(() => newServer(visit), options).fetch(request);
    };
  }

  /** @param around The visit of all calls, where it is the same all the time; else each request has its own. */
  private register(server: McpServer, around?: Visit): McpServer {
    for (const { chain, description, schema } of this.tools) {
      const tools = server as unknown as ToolRegistry;
      tools.registerTool(chain.name, { description, inputSchema: schema }, async (args, context) => {
        const visit = around ?? this.visits.get(context.http!.req!)!;
        try {
          const config = { ...chain.configFor(visit, {}, "mcp"), signal: context.mcpReq.signal };
          const output = await chain.during(visit, () => chain.runnable.invoke(args, config));
          return { content: [{ type: "text", text: textOf(output) }] };
        } catch (error) {
          const { detail } = refusalOf(error);
          const text = typeof detail === "string" ? detail : JSON.stringify(detail);
          return { isError: true, content: [{ type: "text", text }] };
        }
      });
    }
    return server;
  }
}

/** The exchange of runs over standard input and output, which have no request. */
class SilentExchange implements Exchange {
  readonly method = "POST";
  readonly path = "";
  readonly query = "";
  readonly address = "";
  readonly signal = new AbortController().signal;
  readonly status = undefined;
  readonly headerNames = (): readonly string[] => [];
  readonly header = (): undefined => undefined;
  readonly text = async (): Promise<string> => "";
  readonly respond = (): void => {};
  readonly release = (): void => {};
  readonly open = (): never => {
    throw new Error("Standard output has no body of its own.");
  };
}

interface CallContext {
  readonly mcpReq: { readonly signal: AbortSignal };
  readonly http?: { readonly req?: Request };
}

/** The part of the SDK's server that is used. It takes every Standard Schema that can say its JSON schema. */
interface ToolRegistry {
  registerTool(
    name: string,
    config: { readonly description: string; readonly inputSchema: StandardSchema },
    call: (args: unknown, context: CallContext) => Promise<object>,
  ): unknown;
}

function textOf(output: unknown): string {
  return typeof output === "string" ? output : (JSON.stringify(toWire(output)) ?? "null");
}

/** A request in web-standard form. */
async function requestOf(exchange: Exchange, limit: number): Promise<Request> {
  const { method, path, query, signal } = exchange;
  const headers = new Headers();
  for (const name of exchange.headerNames()) {
    const value = exchange.header(name);
    if (value !== undefined && !name.startsWith(":")) headers.set(name, value);
  }
  const url = `http://${exchange.header("host") ?? "localhost"}${path}${query === "" ? "" : `?${query}`}`;
  const body = method === "GET" || method === "HEAD" ? null : await exchange.text(limit);
  return new Request(url, { method, headers, body, signal });
}

async function respondWith(exchange: Exchange, response: Response): Promise<void> {
  const headers = Object.fromEntries(response.headers);
  if (response.body === null || !/^text\/event-stream/.test(headers["content-type"] ?? "")) {
    exchange.respond(response.status, headers, new Uint8Array(await response.arrayBuffer()));
    return;
  }
  const writer = exchange.open(response.status, headers);
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  // A stream of notifications may never send anything: it ends when its reader goes.
  const stopWatching = onAbort(exchange.signal, () => void reader.cancel().catch(() => {}));
  for (let next = await reader.read(); !next.done && !writer.isClosed; next = await reader.read()) {
    if (!writer.write(decoder.decode(next.value, { stream: true }))) await writer.drained();
  }
  stopWatching();
  writer.end();
}
