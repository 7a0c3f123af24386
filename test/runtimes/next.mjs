// @ts-check
/** The program behind a route of Next, built as `output: "standalone"` and started in another folder. */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { at, run } from "../../scripts/lib.mjs";
import { freePort } from "./free-port.mjs";
import { withoutPackage } from "./package-copy.mjs";

const APP = at("test/runtimes/next");
const NEXT = at("test/runtimes/node_modules/next/dist/bin/next");
/** A server that does not answer by then does not start. */
const PATIENCE_MS = 60_000;

/** @param {{ bundler: "turbopack" | "webpack", external: boolean }} how @returns {Promise<Record<string, string>>} */
export async function inNext({ bundler, external }) {
  rmSync(join(APP, ".next"), { recursive: true, force: true });
  const env = { RUNLANE_EXTERNAL: external ? "1" : "0", NEXT_TELEMETRY_DISABLED: "1" };
  const { code, output } = await run(process.execPath, [NEXT, "build", `--${bundler}`, APP], { cwd: APP, env });
  if (code !== 0) throw new Error(output);
  const elsewhere = mkdtempSync(join(tmpdir(), "runlane-next-"));
  try {
    cpSync(join(APP, ".next/standalone"), elsewhere, { recursive: true });
    return await withoutPackage(() => ask(join(elsewhere, "next")));
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
}

/** Starts the server, and asks the route. @param {string} cwd @returns {Promise<Record<string, string>>} */
async function ask(cwd) {
  const port = await freePort();
  const server = spawn(process.execPath, ["server.js"], {
    cwd,
    env: { ...process.env, PORT: String(port), HOSTNAME: "127.0.0.1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (text) => (printed += text));
  try {
    const until = performance.now() + PATIENCE_MS;
    while (performance.now() < until && server.exitCode === null) {
      const response = await fetch(`http://127.0.0.1:${port}/api/run`).catch(() => undefined);
      if (response?.ok) return await response.json();
      if (response !== undefined) throw new Error(`The route answered ${response.status}:\n${printed}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`The server did not start:\n${printed}`);
  } finally {
    server.kill("SIGKILL");
  }
}
