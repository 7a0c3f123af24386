#!/usr/bin/env node
import { runCommandLine } from "./program.ts";

// A closed standard error is no reason to stop working.
process.stderr.on("error", () => {});
const exitCode = await runCommandLine(process.argv.slice(2));
// What was written to a pipe may still be under way on Windows, and a pipeline may hold connections open that nobody closes.
process.stdout.on("error", () => {});
process.stderr.write("", () => process.stdout.write("", () => process.exit(exitCode)));
