import { readFileSync } from "node:fs";
import { PACKAGE_FILE } from "./package-root.ts";

/** The version of this package. */
export function readVersion(): string {
  return JSON.parse(readFileSync(PACKAGE_FILE, "utf8")).version;
}
