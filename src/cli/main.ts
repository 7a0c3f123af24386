#!/usr/bin/env node
import { readFileSync } from "node:fs";
import nodeModule from "node:module";

const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === "--version" || args[0] === "-v")) {
  // Nothing is loaded for it. The file lies two folders up, in src/ as in dist/.
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  process.stdout.write(`${version}\n`);
} else {
  // From Node 22.8 on, what has been compiled once is kept: the kernel then loads in half the time. NODE_DISABLE_COMPILE_CACHE is respected.
  (nodeModule as { enableCompileCache?: () => unknown }).enableCompileCache?.();
  const { runCommandLine } = await import("./program.ts");
  // Each thread of a lane listens there, too.
  for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(0);
  // A closed standard error is no reason to stop working.
  process.stderr.on("error", () => {});
  const exitCode = await runCommandLine(args);
  // Text written to a pipe may still be under way on Windows, and a pipeline may hold connections open that nobody closes.
  process.stdout.on("error", () => {});
  process.stderr.write("", () => process.stdout.write("", () => process.exit(exitCode)));
}
