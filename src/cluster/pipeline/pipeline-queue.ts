import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { basename, dirname, relative } from "node:path";
import { moduleGraph } from "./module-graph.ts";

/** The number of the format of chunks and outcomes. It changes with them, so that workers of another version do not take them. */
const FORMAT = 3;

/** The name of a pipeline, as people know it: that of its file, without extension. */
export function pipelineName(file: string): string {
  return (
    basename(file)
      .replace(/\.[^.]*$/, "")
      .replace(/[^\w-]+/g, "-") || "pipeline"
  );
}

/**
 * The queue of a pipeline: its name, and a digest of its modules and of the versions of the packages that they import. So whoever has another
 * state of the program has another queue. Where the files lie does not matter, nor what they read when they run.
 */
export function pipelineQueue(path: string): string {
  const file = realpathSync(path);
  const { files, packages } = moduleGraph(file);
  const hash = createHash("sha256").update(`${FORMAT}\0`);
  for (const path of files) {
    const name = relative(dirname(file), path).replaceAll("\\", "/");
    hash.update(`${name}\0`).update(readFileSync(path)).update("\0");
  }
  for (const name of packages) hash.update(`${name}\0`);
  return `${pipelineName(file)}-${hash.digest("hex").slice(0, 12)}`;
}
