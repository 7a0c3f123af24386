// @ts-check
/** A server of Next, as it is deployed: `output: "standalone"`. */
import { spawn } from "node:child_process";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { at, node } from "../../scripts/lib.mjs";
import { freePort } from "./free-port.mjs";
import { MODULES, withoutPackage } from "./package-copy.mjs";
import { whenItAnswers } from "./when-it-answers.mjs";

/** @typedef {{ bundler: "turbopack" | "webpack", external?: boolean }} NextOptions */

const ROOT = at("test/runtimes");
/** From the root of what Next copies: it looks for packages from there. */
const PROJECT = ".out/bundled/next";

/** Builds the project, and leaves what is to be deployed in a folder. @param {string} sources @param {string} out @param {NextOptions} options */
export async function buildNext(sources, out, { bundler, external = false }) {
  const project = join(ROOT, PROJECT);
  rmSync(join(ROOT, ".out"), { recursive: true, force: true });
  cpSync(join(sources, ".."), join(ROOT, ".out"), {
    recursive: true,
    filter: (path) => !path.includes("node_modules"),
  });
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
  const config = {
    output: "standalone",
    outputFileTracingRoot: ROOT,
    turbopack: { root: ROOT },
    outputFileTracingIncludes: { "/": ["./steps/**"] },
    ...(external && { serverExternalPackages: ["runlane"] }),
  };
  writeFileSync(join(project, "next.config.mjs"), `export default ${JSON.stringify(config)};`);
  const command = [join(MODULES, "next/dist/bin/next"), "build", `--${bundler}`];
  const { code, output } = await node(command, { cwd: project, env: { NEXT_TELEMETRY_DISABLED: "1" } });
  if (code !== 0) throw new Error(output);
  cpSync(join(project, ".next/standalone"), out, { recursive: true, verbatimSymlinks: true });
  rmSync(join(ROOT, ".out"), { recursive: true, force: true });
}

/** Starts the server in the folder that it was moved to, and asks it. @param {string} folder @returns {Promise<Record<string, string>>} */
export const askNext = (folder) => withoutPackage(() => ask(folder));

/** @param {string} folder @returns {Promise<Record<string, string>>} */
async function ask(folder) {
  const port = await freePort();
  const server = spawn(process.execPath, [join(folder, PROJECT, "server.js")], {
    cwd: folder,
    env: { ...process.env, PORT: String(port), HOSTNAME: "127.0.0.1", NEXT_TELEMETRY_DISABLED: "1" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  try {
    const response = await whenItAnswers(`http://127.0.0.1:${port}/`);
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return JSON.parse(text);
  } finally {
    server.kill("SIGKILL");
  }
}
