import { relative } from "node:path";

/** A file as messages call it: seen from the working folder, unless it lies outside. */
export function displayName(file: string): string {
  const path = relative(process.cwd(), file);
  return path === "" || path.startsWith("..") ? file : path;
}
