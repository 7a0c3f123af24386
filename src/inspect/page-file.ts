import { readFileSync } from "node:fs";
import { join } from "node:path";
import { installedFile } from "../diagnose/package-folders.ts";
import type { InspectorState } from "./state.ts";

/** Where the build has put the page. @throws RUNLANE_BUNDLED */
export function pageFile(): string {
  return installedFile("the inspector", join("dist", "inspect", "page.html"));
}

/** The text that stands in the page in the place of a state. */
const NO_STATE = '<script id="state" type="application/json"></script>';

let version: string | undefined;

/** The version of this package. */
export function packageVersion(): string {
  version ??= JSON.parse(readFileSync(installedFile("the inspector", "package.json"), "utf8")).version as string;
  return version;
}

/**
 * The page with a state in it: one file that shows it without any server.
 *
 * @param state In JSON, where it is that already.
 */
export function pageWith(state: InspectorState | string, page = readFileSync(pageFile(), "utf8")): string {
  const json = typeof state === "string" ? state : JSON.stringify(state);
  // Nothing in it may end the element that it stands in, or begin another one.
  const safe = json.replace(/</g, "\\u003c");
  return page.replace(NO_STATE, () => NO_STATE.replace("></", () => `>${safe}</`));
}
