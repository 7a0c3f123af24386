import { invalidOption } from "../core/errors/errors.ts";
import { isThenable } from "../core/thenable.ts";
import { type Tracing, tracing } from "../core/tracing.ts";
import { warnOf } from "../core/warn.ts";
import { coerce, toStep } from "../runnables/coerce.ts";
import type { Runnable } from "../runnables/runnable.ts";
import type { RunnableLike } from "../runnables/types.ts";
import { METRICS_TYPE, metricsText } from "./about/metrics.ts";
import { type OpenApiOptions, openApi } from "./about/openapi.ts";
import { Page } from "./about/page.ts";
import { authenticator } from "./authenticate.ts";
import { type ChatOptions, chat } from "./chat.ts";
import { Cors } from "./cors.ts";
import { batch, invoke, type LangServeOptions, stream, streamEvents, streamLog } from "./langserve/endpoints.ts";
import { readPathConfig } from "./langserve/path-config.ts";
import { schemaOf } from "./langserve/schemas.ts";
import { McpTools } from "./mcp.ts";
import {
  type Client,
  checkOptions,
  DEFAULT_BODY_LIMIT,
  DEFAULT_MAX_BATCH_INPUTS,
  type ServeOptions,
} from "./options.ts";
import { Refusal } from "./refusal.ts";
import { RouteTable } from "./route-table.ts";
import { refusalOf, ServedChain } from "./served-chain.ts";
import type { Exchange } from "./transport/exchange.ts";
import { Visit } from "./visit.ts";

/** A chain, or chains by name: the name is the path. */
export type Chains = RunnableLike | Readonly<Record<string, RunnableLike>>;

/** An answer: at once, or when the promise settles. */
type Endpoint = (visit: Visit, chain: ServedChain, options: EndpointOptions) => undefined | Promise<void>;

type EndpointOptions = LangServeOptions & ChatOptions;

/** A path: what it does, and for which chain. */
interface Route {
  readonly method: "GET" | "POST" | "any";
  readonly chain: ServedChain | undefined;
  readonly answer: Endpoint;
}

const POSTS: Readonly<Record<string, Endpoint>> = {
  invoke,
  batch,
  stream,
  stream_events: streamEvents,
  stream_log: streamLog,
  chat,
};

const JSON_HEADERS = { "content-type": "application/json" };
const TEXT_HEADERS = { "content-type": "text/plain; charset=utf-8" };

/** Answers requests by the chains that it serves, whatever transport they come by. */
export class Service {
  readonly chains: readonly ServedChain[];
  /** Whether the service is ready for requests: not yet while it warms up, and no more once it drains. */
  isReady = true;
  /** The number of requests whose answer is not complete. */
  inFlight = 0;
  /** The chains that are tools of the Model Context Protocol. */
  readonly mcp: McpTools;
  private readonly routes = new RouteTable<Route>();
  private readonly endpoints: EndpointOptions;
  private readonly authenticate: ReturnType<typeof authenticator>;
  private readonly cors: Cors | undefined;
  private onIdle: (() => void) | undefined;

  /** @throws RUNLANE_INVALID_OPTION, RUNLANE_NOT_RUNNABLE */
  constructor(
    chains: Chains,
    private readonly options: ServeOptions = {},
  ) {
    checkOptions(options);
    this.chains = chainsOf(chains, options);
    this.authenticate = authenticator(options);
    this.cors = options.cors === undefined ? undefined : new Cors(options.cors);
    const { configKeys, configurableKeys, chatInput, bodyLimit = DEFAULT_BODY_LIMIT } = options;
    const { maxBatchInputs = DEFAULT_MAX_BATCH_INPUTS } = options;
    this.endpoints = { configKeys, configurableKeys, chatInput, bodyLimit, maxBatchInputs };
    for (const chain of this.chains) this.addRoutes(chain);
    this.addHealth();
    this.addDescriptions({
      version: options.version ?? "0.0.0",
      isProtected: options.tokens !== undefined || options.authenticate !== undefined,
      maxBatchInputs,
    });
    this.mcp = new McpTools(this.chains, options, bodyLimit, options.version ?? "0.0.0");
    if (this.mcp.names.length > 0) this.add("any", "/mcp", (visit) => this.mcp.answer(visit), this.chains[0]);
  }

  /** Answers one request. Errors are answers. */
  handle(exchange: Exchange): void {
    const visit = new Visit(exchange, this.options.onRequest === undefined ? 0 : performance.now());
    this.inFlight++;
    let answered: undefined | Promise<void>;
    try {
      const { current } = tracing;
      answered = current === undefined ? this.answer(visit) : inTrace(current, exchange, () => this.answer(visit));
    } catch (error) {
      this.fail(visit, error);
    }
    if (answered === undefined) {
      this.leave(visit);
      return;
    }
    answered.then(
      () => this.leave(visit),
      (error) => {
        this.fail(visit, error);
        this.leave(visit);
      },
    );
  }

  /** Takes no new requests for ready, and settles when none is in flight any more. */
  drained(): Promise<void> {
    this.isReady = false;
    if (this.inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.onIdle = resolve;
    });
  }

  private answer(visit: Visit): undefined | Promise<void> {
    const route = this.routes.at(visit.exchange.path);
    return route === undefined ? this.answerOtherwise(visit) : this.answerBy(route, visit);
  }

  /** Answers at a path that is not the usual one: it brings a config, or is written in another way. */
  private async answerOtherwise(visit: Visit): Promise<void> {
    const { path } = visit.exchange;
    const found = this.routes.find(path);
    if (found === undefined)
      throw new Refusal(404, `Nothing is served at ${path.slice(0, 200)}; GET / shows what is, and at which paths.`);
    if (found.hash !== undefined) visit.pathConfig = await readPathConfig(found.hash);
    await this.answerBy(found.route, visit);
  }

  private answerBy(route: Route, visit: Visit): undefined | Promise<void> {
    const { exchange } = visit;
    const { method, path } = exchange;
    if (method === "OPTIONS" && this.cors?.preflight(exchange) === true) return undefined;
    if (route.method !== "any" && method !== route.method && !(method === "HEAD" && route.method === "GET")) {
      const allow = route.method === "GET" ? "GET, HEAD" : route.method;
      if (method !== "OPTIONS") throw new Refusal(405, `${path} takes ${route.method}, not ${method}.`, { allow });
      exchange.respond(204, { allow }, "");
      return undefined;
    }
    if (this.cors !== undefined) visit.exchange = this.cors.allow(exchange);
    const { answer, chain } = route;
    // Whoever watches the health of the server has no token.
    if (chain === undefined) return answer(visit, chain as never, this.endpoints);
    const client = this.authenticate(exchange);
    if (isThenable(client)) {
      return (client as Promise<Client>).then((known) => {
        visit.client = known;
        return this.begin(route, chain, visit);
      });
    }
    visit.client = client as Client;
    return this.begin(route, chain, visit);
  }

  private begin({ method, answer }: Route, chain: ServedChain, visit: Visit): undefined | Promise<void> {
    // Runs: one for which there is no room is refused before its body is read.
    if (method === "POST") chain.admission.check();
    return answer(visit, chain, this.endpoints);
  }

  private fail(visit: Visit, error: unknown): void {
    const refusal = refusalOf(error);
    if (refusal.status >= 500 && error !== refusal) visit.failure = error;
    this.refuse(visit, refusal);
  }

  private leave(visit: Visit): void {
    visit.exchange.release();
    this.inFlight--;
    if (this.inFlight === 0) this.onIdle?.();
    if (this.options.onRequest !== undefined) this.log(visit);
  }

  private refuse(visit: Visit, { status, detail, headers }: Refusal): void {
    const { exchange } = visit;
    // What went wrong in the server is in its log, under the id.
    const all = visit.failure === undefined ? headers : { ...headers, "x-request-id": visit.id };
    if (status === 500) exchange.respond(500, { ...TEXT_HEADERS, ...all }, "Internal Server Error");
    else exchange.respond(status, { ...JSON_HEADERS, ...all }, JSON.stringify({ detail }));
  }

  private addRoutes(chain: ServedChain): void {
    for (const [name, answer] of Object.entries(POSTS)) this.add("POST", `${chain.path}/${name}`, answer, chain);
    for (const kind of ["input", "output", "config"] as const) {
      const answer = async ({ exchange }: Visit) =>
        exchange.respond(200, JSON_HEADERS, JSON.stringify(schemaOf(chain.runnable, kind)));
      this.add("GET", `${chain.path}/${kind}_schema`, answer, chain);
    }
  }

  private addHealth(): void {
    const { heartbeat } = this.options;
    this.add("GET", "/healthz", async ({ exchange }) =>
      heartbeat === undefined
        ? exchange.respond(200, TEXT_HEADERS, "ok\n")
        : exchange.respond(200, JSON_HEADERS, JSON.stringify({ status: "ok", loop: heartbeat() })),
    );
    this.add("GET", "/readyz", async ({ exchange }) =>
      this.isReady ? exchange.respond(200, TEXT_HEADERS, "ok\n") : exchange.respond(503, TEXT_HEADERS, "not ready\n"),
    );
  }

  private addDescriptions(description: OpenApiOptions): void {
    const page = new Page(this.chains, description.isProtected);
    const document = JSON.stringify(openApi(this.chains, description));
    let before = loopUtilization();
    this.add("GET", "/openapi.json", async ({ exchange }) => exchange.respond(200, JSON_HEADERS, document));
    this.add("GET", "/", async ({ exchange }) => {
      const headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": await page.contentSecurityPolicy(),
      };
      exchange.respond(200, headers, page.html);
    });
    this.add("GET", "/metrics", async ({ exchange }) => {
      const used = loopUtilization(before);
      before = loopUtilization();
      exchange.respond(
        200,
        { "content-type": METRICS_TYPE },
        metricsText(this.chains, this.inFlight, used?.utilization),
      );
    });
  }

  private add(method: Route["method"], path: string, answer: Endpoint, chain?: ServedChain): void {
    this.routes.add(path, { method, chain, answer });
  }

  private log({ exchange, id, startedAt, failure }: Visit): void {
    const ms = performance.now() - startedAt;
    try {
      // One that is async gives a promise, whatever its type says.
      const going: unknown = this.options.onRequest!({
        time: new Date(Date.now() - ms).toISOString(),
        id,
        method: exchange.method,
        path: exchange.path,
        status: exchange.status ?? 499,
        ms,
        ...(failure === undefined ? {} : { error: failure instanceof Error ? failure.message : String(failure) }),
      });
      if (isThenable(going)) Promise.resolve(going).catch(warnOf);
    } catch (error) {
      warnOf(error);
    }
  }
}

/** Does work as a part of the trace that the headers of a request name. */
function inTrace<T>(tracing: Tracing, exchange: Exchange, work: () => T): T {
  const headers = exchange.headerNames().map((name) => [name, exchange.header(name) ?? ""]);
  return tracing.within(Object.fromEntries(headers) as Record<string, string>, work);
}

type Utilization = ReturnType<typeof performance.eventLoopUtilization>;

/** The utilization of the event loop since the last reading; undefined where the platform does not tell. */
function loopUtilization(before?: Utilization): Utilization | undefined {
  return performance.eventLoopUtilization?.(before);
}

function chainsOf(chains: Chains, options: ServeOptions): ServedChain[] {
  if (isOne(chains)) {
    const runnable = runnableOf(chains, "The chain of a server");
    return [new ServedChain(runnable.getName(), pathOf(options.path ?? "/", "path"), runnable, options)];
  }
  const entries = Object.entries(chains);
  if (entries.length === 0)
    throw invalidOption("createServer", "chains", "a chain, or an object with at least one", chains);
  if (options.path !== undefined && entries.length > 1) {
    throw invalidOption(
      "createServer",
      "path",
      "left out where there are several chains: their names are the paths",
      options.path,
    );
  }
  return entries.map(([name, chain]) => {
    const path = pathOf(options.path ?? `/${name}`, `chains.${name}`);
    return new ServedChain(name, path, runnableOf(chain as RunnableLike, `The chain ${name}`), options);
  });
}

function isOne(chains: Chains): chains is RunnableLike {
  return typeof chains === "function" || "lc_runnable" in chains;
}

/** LangChain's own runnables are served as a step, which knows signals, timeouts and configs as all others do. */
function runnableOf(chain: RunnableLike, where: string): Runnable {
  return toStep(coerce(chain, where)) as unknown as Runnable;
}

function pathOf(path: string, option: string): string {
  if (!/^\/[\w\-.~/]*$/.test(path)) {
    throw invalidOption("createServer", option, "a path of letters, digits, -, _, . and ~ that begins with /", path);
  }
  return path.replace(/\/+$/, "");
}
