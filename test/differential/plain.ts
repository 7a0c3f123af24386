const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Gives run ids short names, `r1`, `r2` and so on, in the order in which they appear. */
export class Ids {
  private readonly names = new Map<string, string>();

  of(id: string | undefined): string {
    if (id === undefined) return "-";
    let name = this.names.get(id);
    if (name === undefined) {
      name = `r${this.names.size + 1}`;
      this.names.set(id, name);
    }
    return name;
  }

  /** The same text with all run ids in it renamed. */
  rename(text: string): string {
    return text.replace(UUID, (id) => this.of(id));
  }
}

/** What differs from run to run, or between the two libraries without anybody minding. */
const DROPPED = new Set(["start_time", "end_time", "ls_integration"]);

/** A value as plain data that two libraries can be compared by: class instances by name, errors by name and message. */
export function plain(value: unknown, ids = new Ids(), depth = 0): unknown {
  if (typeof value === "string") return ids.rename(value);
  if (typeof value === "function") return "[function]";
  if (typeof value !== "object" || value === null) return value;
  if (depth > 12) return "[deep]";
  if (value instanceof Error) return errorText(value);
  if (Array.isArray(value)) return value.map((element) => plain(element, ids, depth + 1));
  if (value instanceof AbortSignal) return "[signal]";
  if ("lc_runnable" in value) return "[runnable]";
  const { name } = value.constructor ?? { name: "Object" };
  if ("lc_kwargs" in value) return { [name]: entries(value.lc_kwargs as object, ids, depth) };
  return name === "Object" || name === "RunLogPatch"
    ? entries(value, ids, depth)
    : { [name]: entries(value, ids, depth) };
}

function entries(value: object, ids: Ids, depth: number): Record<string, unknown> {
  const kept = Object.entries(value).filter(([key, element]) => !DROPPED.has(key) && element !== undefined);
  return Object.fromEntries(kept.map(([key, element]) => [key, plain(element, ids, depth + 1)]));
}

/** A DOMException's message is the library's own affair. */
export function errorText(error: unknown): string {
  if (error instanceof DOMException) return error.name;
  return error instanceof Error ? `${error.name}: ${error.message}` : `thrown ${JSON.stringify(error)}`;
}

/** A value as one line of text, its keys in alphabetical order. */
export function text(value: unknown, ids: Ids): string {
  return JSON.stringify(sorted(plain(value, ids))) ?? "undefined";
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const pairs = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(pairs.map(([key, element]) => [key, sorted(element)]));
}
