import { isPlainObject } from "./plain-object.ts";

/** The number of levels of data that a text is made of. Deeper data, and cyclic data, has none. */
const MAX_LEVELS = 100;

/**
 * A text that two values share if, and only if, they are equal as data: plain data, whatever the order of its keys, and instances with a
 * `toJSON`. Undefined where a value is more than its data: functions, other instances, symbols.
 */
export function dataText(value: unknown, levels = MAX_LEVELS): string | undefined {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "number":
    case "boolean":
    case "undefined":
      return String(value);
    case "object":
      return value === null ? "null" : levels === 0 ? undefined : textOfObject(value, levels - 1);
    default:
      return undefined;
  }
}

function textOfObject(value: object, levels: number): string | undefined {
  const parts: string[] = [];
  if (Array.isArray(value)) {
    for (const element of value) {
      const text = dataText(element, levels);
      if (text === undefined) return undefined;
      parts.push(text);
    }
    return `[${parts.join()}]`;
  }
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") {
    const text = dataText(toJSON.call(value), levels);
    return text && `${value.constructor?.name ?? ""}(${text})`;
  }
  if (!isPlainObject(value)) return undefined;
  for (const key of Object.keys(value).sort()) {
    const text = dataText(value[key], levels);
    if (text === undefined) return undefined;
    parts.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${parts.join()}}`;
}
