import type { McpServer, WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";

/** The number of sessions that are kept at once; beyond that the one that was silent longest ends. */
const MAX_SESSIONS = 1000;
/** The time after which a silent session ends, in milliseconds. */
const IDLE_MS = 30 * 60_000;

interface Session {
  readonly client: string;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  usedAt: number;
}

/**
 * Sessions of clients that speak the protocol of 2025: they cancel a call by a request of its own, which has to find it. Clients of
 * 2026 need none.
 */
export class McpSessions {
  /** The sessions by id; the one that was silent longest comes first. */
  private readonly sessions = new Map<string, Session>();

  constructor(
    private readonly open: (onOpen: (id: string) => void) => WebStandardStreamableHTTPServerTransport,
    private readonly newServer: () => McpServer,
  ) {}

  /** @param client The client that asks: a session belongs to the one that has opened it. */
  async answer(request: Request, client: string): Promise<Response> {
    const id = request.headers.get("mcp-session-id");
    if (id === null) return (await this.start(client)).handleRequest(request);
    const session = this.sessions.get(id);
    if (session === undefined || session.client !== client) {
      return Response.json(
        { jsonrpc: "2.0", error: { code: -32001, message: "Session not found" }, id: null },
        { status: 404 },
      );
    }
    this.sessions.delete(id);
    if (request.method !== "DELETE") {
      session.usedAt = Date.now();
      this.sessions.set(id, session);
    }
    return session.transport.handleRequest(request);
  }

  private async start(client: string): Promise<WebStandardStreamableHTTPServerTransport> {
    const transport = this.open((id) => {
      this.endOld();
      this.sessions.set(id, { client, transport, usedAt: Date.now() });
    });
    await this.newServer().connect(transport);
    return transport;
  }

  private endOld(): void {
    const since = Date.now() - IDLE_MS;
    for (const [id, { transport, usedAt }] of this.sessions) {
      if (usedAt >= since && this.sessions.size < MAX_SESSIONS) return;
      this.sessions.delete(id);
      void transport.close();
    }
  }
}
