/** How names of constructor fields are written in LangChain's serialized form, and read from it. */

/** `omitSequenceTags` as `omit_sequence_tags`. */
export function toSnakeCase(key: string): string {
  return key
    .replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z0-9])/g, "_")
    .replace(/[-_\s]+/g, "_")
    .toLowerCase();
}

/** `omit_sequence_tags` as `omitSequenceTags`. A name without separators stays as it is. */
export function toCamelCase(key: string): string {
  const name = key.trim();
  if (!/[-_\s]/.test(name)) return name;
  return name.toLowerCase().replace(/[-_\s]+([a-z0-9])?/g, (_, letter?: string) => letter?.toUpperCase() ?? "_");
}

/** Renames the keys of an object. `Object.fromEntries` defines properties, so that a key `__proto__` stays a key. */
export function renameKeys(
  fields: Readonly<Record<string, unknown>>,
  rename: (key: string) => string,
  aliases: Readonly<Record<string, string>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [(Object.hasOwn(aliases, key) && aliases[key]) || rename(key), value]),
  );
}
