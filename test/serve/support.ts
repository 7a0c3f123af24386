import { onTestFinished } from "vitest";
import type { ServeOptions } from "../../src/serve/options.ts";
import { createServer, type RunlaneServer } from "../../src/serve/server.ts";
import type { Chains } from "../../src/serve/service.ts";

/** A server on a free port, which ends with the test. */
export async function serve(
  chains: Chains,
  options: ServeOptions = {},
): Promise<{ url: string; server: RunlaneServer }> {
  const server = createServer(chains, options);
  const { url } = await server.listen({ port: 0 });
  onTestFinished(async () => {
    server.http.closeAllConnections();
    await server.stop();
  });
  return { url, server };
}

/** Posts a value as JSON, or a text as it is. */
export function post(
  url: string,
  body: unknown,
  init: RequestInit & { headers?: Record<string, string> } = {},
): Promise<Response> {
  const headers = { "content-type": "application/json", ...init.headers };
  return fetch(url, { method: "POST", ...init, headers, body: typeof body === "string" ? body : JSON.stringify(body) });
}

/** The events of a body, each as `[event, data]`. */
export async function eventsOf(response: Response): Promise<[string | undefined, unknown][]> {
  const text = await response.text();
  return text
    .split("\n\n")
    .filter((block) => block !== "" && !block.startsWith(":"))
    .map((block) => {
      const lines = block.split("\n");
      const event = lines.find((line) => line.startsWith("event: "))?.slice(7);
      const data = lines.find((line) => line.startsWith("data: "))?.slice(6);
      return [event, data === undefined ? undefined : JSON.parse(data)];
    });
}

/** What a body of JSON says. */
export async function jsonOf(response: Response | Promise<Response>): Promise<any> {
  return (await response).json();
}
