/** What is served at which path. A path that is written in another way is found as well, a little slower. */
export class RouteTable<Route> {
  private readonly routes = new Map<string, Route>();

  add(path: string, route: Route): void {
    this.routes.set(path, route);
  }

  /** The route of a path as it is usually written. */
  at(path: string): Route | undefined {
    return this.routes.get(path);
  }

  /** The route of any path. `hash` is the config that the path brings, on LangServe's `/c/{hash}/` paths. */
  find(path: string): { readonly route: Route; readonly hash: string | undefined } | undefined {
    const usual = withoutEnd(unescaped(path));
    const route = this.routes.get(usual);
    if (route !== undefined) return { route, hash: undefined };
    const [, before, hash, after] = /^(.*)\/c\/([^/]+)(\/[^/]+)$/.exec(usual) ?? [];
    const configured = this.routes.get(`${before}${after}`);
    return configured === undefined ? undefined : { route: configured, hash };
  }
}

/** A path in which nothing is escaped that needs no escaping: `/%61sk` is `/ask` (RFC 3986, section 6.2.2.2). */
function unescaped(path: string): string {
  if (!path.includes("%")) return path;
  return path.replace(/%([0-9a-f]{2})/gi, (escaped, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    return /[\w\-.~]/.test(character) ? character : escaped;
  });
}

/** A path without the slashes at its end. */
function withoutEnd(path: string): string {
  let end = path.length;
  while (end > 1 && path.charCodeAt(end - 1) === 47) end--;
  return path.slice(0, end);
}
