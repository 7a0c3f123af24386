import { createHash, timingSafeEqual } from "node:crypto";
import { invalidOption } from "../core/errors/errors.ts";
import type { Client, ServeOptions } from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Exchange } from "./transport/exchange.ts";

/** Finds the client of a request. @throws Refusal 401 */
export type Authenticator = (exchange: Exchange) => Client | Promise<Client>;

/** @throws RUNLANE_INVALID_OPTION */
export function authenticator({ authenticate, tokens }: ServeOptions): Authenticator {
  if (authenticate !== undefined) {
    return async (exchange) => {
      const { method, path, query, address } = exchange;
      const request = { method, path, query, address, header: (name: string) => exchange.header(name) };
      return (await authenticate(request)) ?? refuse();
    };
  }
  if (tokens === undefined) return (exchange) => ({ id: exchange.address });
  if (tokens.length === 0 || tokens.some((token) => token.length === 0)) {
    throw invalidOption("createServer", "tokens", "at least one token, none of them empty", tokens);
  }
  const digests = tokens.map(digest);
  return (exchange) => {
    const given = /^Bearer (.+)$/i.exec(exchange.header("authorization") ?? "")?.[1];
    if (given === undefined) return refuse();
    const sent = digest(given);
    let found = -1;
    // All of them are compared, each in constant time: how long it takes says nothing about any of them.
    for (const [index, known] of digests.entries()) if (timingSafeEqual(known, sent)) found = index;
    return found === -1 ? refuse() : { id: `token ${found}` };
  };
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function refuse(): never {
  throw new Refusal(401, "Not authenticated", { "www-authenticate": "Bearer" });
}
