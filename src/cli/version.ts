import { readFileSync } from "node:fs";

/** The version of this package. The command is two folders below package.json, in the sources as when built. */
export function readVersion(): string {
  return JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;
}
