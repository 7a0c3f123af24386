const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** A key of an object, an index of an array, or a call (`.get("a")`), as it is. */
export type PathKey = string | number | { readonly call: string };

/** The path to a part of a value, as one would write it: `input.callbacks[0]`. */
export function formatPath(root: string, keys: readonly PathKey[]): string {
  let path = root;
  for (const key of keys) {
    if (typeof key === "object") path += key.call;
    else if (typeof key === "number" || /^(0|[1-9]\d*)$/.test(key)) path += `[${key}]`;
    else path += IDENTIFIER.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  }
  return path;
}

/** The part of a path that leads to the value under a key of a Map. */
export function mapKey(key: unknown): PathKey {
  return {
    call: `.get(${typeof key === "object" && key !== null ? "…" : typeof key === "string" ? JSON.stringify(key) : String(key)})`,
  };
}
