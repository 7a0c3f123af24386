/** The name of the global variable that measured modules tell when they begin and end. */
export const CLOCK = "__runlaneModuleClock";

/** A module as a loader gives it. */
export interface LoadedModule {
  readonly format?: string | null | undefined;
  readonly source?: unknown;
}

/**
 * Makes an ES module tell when its own code begins and ends. What it imports runs before its first statement, so that is not counted.
 * Line numbers stay as they are. Everything else is left alone: CommonJS modules are measured where they are loaded.
 */
export function instrument<Loaded extends LoadedModule>(url: string, loaded: Loaded): Loaded {
  if (!loaded.format?.startsWith("module") || loaded.source == null) return loaded;
  const { source } = loaded;
  const text = typeof source === "string" ? source : new TextDecoder().decode(source as Uint8Array);
  const hashbang = /^#!.*\r?\n?/.exec(text)?.[0] ?? "";
  const id = JSON.stringify(url);
  const code = text.slice(hashbang.length);
  return { ...loaded, source: `${hashbang}${CLOCK}.enter(${id});${code}\n;${CLOCK}.leave(${id});` };
}
