import { relative, sep } from "node:path";
import { type Change, Refusal } from "./change.ts";
import { diffOf } from "./diff.ts";
import { edit } from "./edits.ts";
import { oneAssign } from "./one-assign.ts";
import { fileOf, siteOf } from "./site.ts";
import { Source } from "./source.ts";
import { warmAtLoad } from "./warm-at-load.ts";

/** A change of one file, not yet written. */
export interface SourceFix {
  readonly path: string;
  readonly before: string;
  readonly after: string;
  /** The change as a diff, for people. */
  readonly diff: string;
}

/** Where sources may be changed, and which module is the pipeline's. */
export interface FixOptions {
  readonly folder: string;
  readonly module: string;
  readonly exportName: string;
}

/**
 * Works out how the source of the pipeline looks with a change in it.
 *
 * @throws Refusal when it cannot be made there; RUNLANE_MISSING_PACKAGE
 */
export async function fixSource(change: Change, { folder, module, exportName }: FixOptions): Promise<SourceFix> {
  const funcs = change.kind === "warm" ? [] : change.kind === "oneAssign" ? change.funcs : [change.func];
  const paths = new Set(change.kind === "warm" ? [module] : funcs.map(fileOf));
  const [path] = paths;
  if (paths.size !== 1 || path === undefined) throw new Refusal("it is written in several files");
  const name = relative(folder, path);
  if (name.startsWith(`..${sep}`) || name.split(sep).includes("node_modules"))
    throw new Refusal(`${path} is not under the working folder`);
  const source = await Source.open(path);
  if (change.kind === "warm") warmAtLoad(source, exportName);
  else if (change.kind === "oneAssign") oneAssign(funcs.map((func) => siteOf(source, func)));
  else edit(siteOf(source, change.func), change);
  const after = source.edits.toString();
  return { path, before: source.text, after, diff: diffOf(name, source.text, after) };
}
