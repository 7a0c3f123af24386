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
import { whenItAnswers } from "./when-it-answers.mjs";

/** @param {string} workerd The executable. @param {string[]} flags @returns {Promise<{ cells: Record<string, string>, ratio: number }>} */
export async function inWorkerd(workerd, flags) {
  const files = await bundleProgram(at("test/runtimes/worker.mjs"));
  const { ask, stop } = await startWorkerd(workerd, files.get("/worker.js") ?? "", flags);
  try {
    const cells = JSON.parse(await ask("/smoke"));
    const ratio = await ratioOf(async (library, calls) => {
      const start = performance.now();
      await ask(`/?library=${library}&calls=${calls}`);
      return performance.now() - start;
    });
    return { cells, ratio };
  } finally {
    stop();
  }
}

/** Starts workerd with a worker in one file. @param {string} workerd The executable. @param {string} code @param {string[]} flags */
export async function startWorkerd(workerd, code, flags) {
  const folder = mkdtempSync(join(tmpdir(), "runlane-workerd-"));
  const port = await freePort();
  writeFileSync(join(folder, "config.capnp"), configOf(port, flags));
  writeFileSync(join(folder, "worker.js"), code);
  const server = spawn(workerd, ["serve", join(folder, "config.capnp")], { stdio: ["ignore", "inherit", "inherit"] });
  return {
    /** @param {string} path */
    async ask(path) {
      const response = await whenItAnswers(`http://127.0.0.1:${port}${path}`);
      const text = await response.text();
      if (!response.ok) throw new Error(text);
      return text;
    },
    stop() {
      server.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
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
