import { sep } from "node:path";
import process from "node:process";

/** A text with paths in the working folder as they are seen from there: a report goes to people who have other folders. */
export function shortPlace(text: string, folder = process.cwd()): string {
  return text.replaceAll(`file://${folder}${sep}`, "").replaceAll(`${folder}${sep}`, "");
}
