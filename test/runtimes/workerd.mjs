// @ts-check
/** The program in Cloudflare's workerd. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { at } from "../../scripts/lib.mjs";
import { bundleProgram } from "./bundle-program.mjs";
import { freePort } from "./free-port.mjs";
import { ratioOf } from "./ratio.mjs";

/** A server that does not answer by then does not start. */
const PATIENCE_MS = 60_000;

/** @param {string} workerd The executable. @param {string[]} flags @returns {Promise<{ cells: Record<string, string>, ratio: number }>} */
export async function inWorkerd(workerd, flags) {
  const folder = mkdtempSync(join(tmpdir(), "runlane-workerd-"));
  const port = await freePort();
  writeFileSync(join(folder, "config.capnp"), configOf(port, flags));
  writeFileSync(
    join(folder, "worker.js"),
    (await bundleProgram(at("test/runtimes/worker.mjs"))).get("/worker.js") ?? "",
  );
  const server = spawn(workerd, ["serve", join(folder, "config.capnp")], { stdio: ["ignore", "inherit", "inherit"] });
  /** @param {string} path */
  const ask = async (path) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  };
  try {
    const until = performance.now() + PATIENCE_MS;
    while (!(await ask("/?library=runlane&calls=1").catch(() => false)) && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 100));
    const cells = JSON.parse(await ask("/smoke"));
    const ratio = await ratioOf(async (library, calls) => {
      const start = performance.now();
      await ask(`/?library=${library}&calls=${calls}`);
      return performance.now() - start;
    });
    return { cells, ratio };
  } finally {
    server.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {number} port @param {string[]} flags */
const configOf = (port, flags) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-06-01",
  compatibilityFlags = [${flags.map((flag) => JSON.stringify(flag)).join(", ")}],
);
`;
