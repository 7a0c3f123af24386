import type { ServeOptions } from "./options.ts";
import { type Chains, Service } from "./service.ts";
import { WebExchange } from "./transport/web-exchange.ts";

/** Facts of a request that a platform knows besides the request itself. */
export interface RequestInfo {
  /** The address that stands for the client where no token says who asks. @default "" */
  readonly address?: string;
}

/**
 * Serves chains by web-standard requests and responses: for Bun, Deno, edge platforms, and as a route of another framework.
 *
 * @param chains A chain, or chains by name: the name is the path.
 * @throws RUNLANE_INVALID_OPTION, RUNLANE_NOT_RUNNABLE
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 * import { createHandler } from "runlane/serve";
 *
 * const handler = createHandler({ double: RunnableLambda.from((x: number) => x * 2) });
 * const response = await handler(
 *   new Request("http://localhost/double/invoke", {
 *     method: "POST",
 *     headers: { "content-type": "application/json" },
 *     body: JSON.stringify({ input: 4 }),
 *   }),
 * );
 * console.log(await response.json()); // { output: 8, ... }
 * ```
 */
export function createHandler(
  chains: Chains,
  options: ServeOptions = {},
): (request: Request, info?: RequestInfo) => Promise<Response> {
  const service = new Service(chains, options);
  return (request, { address = "" } = {}) => {
    const exchange = new WebExchange(request, address);
    void service.handle(exchange);
    return exchange.response;
  };
}
