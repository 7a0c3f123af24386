// @ts-check
/** How the program is run on each runtime. */
import { existsSync } from "node:fs";
import { at, run } from "../../scripts/lib.mjs";
import { obtain } from "../../scripts/matrix.mjs";
import { inChromium } from "./chromium.mjs";
import { SPEED } from "./tables.mjs";
import { inWorkerd } from "./workerd.mjs";

const FOLDER = "test/runtimes";
const PROGRAM = "program.mjs";

/** @typedef {{ cells: Record<string, string>, ratio?: number }} Told What the program says. */

/** The cells of a run, with the ratio as one more. @param {Told} told @returns {Record<string, string>} */
function cellsOf({ cells, ratio }) {
  return ratio === undefined ? cells : { ...cells, [SPEED]: ratio.toFixed(0) };
}

/** Runs a command to its end, and reads what the program has printed last. @param {string} command @param {string[]} args */
export async function told(command, args, cwd = at(FOLDER)) {
  const { code, output } = await run(command, args, { cwd });
  const line = output.trim().split("\n").at(-1) ?? "";
  if (code !== 0 || !line.startsWith("{")) throw new Error(`${command} ended with exit code ${code}:\n${output}`);
  return cellsOf(JSON.parse(line));
}

/** @param {string} version */
const onNode = (version) => async () => told(await obtain(version), [PROGRAM, "--speed"]);

/** The executable that a package of npm brings for this platform. @param {string[]} candidates */
function executable(...candidates) {
  const found = candidates.map((path) => at(FOLDER, "node_modules", path)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`There is none of ${candidates.join(", ")} for this platform.`);
  return found;
}

const BUN = { linux: `linux-${process.arch === "arm64" ? "aarch64" : "x64"}`, darwin: "darwin-aarch64" };
const DENO = { linux: `linux-${process.arch}-glibc`, darwin: `darwin-${process.arch}` };
const platform = /** @type {"linux" | "darwin"} */ (process.platform);
export const bun = () => executable(`@oven/bun-${BUN[platform]}/bin/bun`);
const deno = () => executable(`@deno/${DENO[platform]}/deno`);
const WORKERD = { linux: `linux-${process.arch === "arm64" ? "arm64" : "64"}`, darwin: "darwin-arm64" };
export const workerd = () => executable(`@cloudflare/workerd-${WORKERD[platform]}/bin/workerd`);
const DENO_RUN = ["run", "--node-modules-dir=manual", "--no-prompt"];

/** By the name of a column. @type {Record<string, () => Promise<Record<string, string>>>} */
export const RUNTIMES = {
  "Node 20": onNode("20.19.0"),
  "Node 22": onNode("22.23.3"),
  "Node 24": onNode("24.21.0"),
  "Node 26": onNode("26.10.0"),
  Bun: () => told(bun(), [PROGRAM, "--speed"]),
  Deno: () => told(deno(), [...DENO_RUN, "--allow-all", PROGRAM, "--speed"]),
  "Deno without permissions": () => told(deno(), [...DENO_RUN, PROGRAM]),
  workerd: async () => cellsOf(await inWorkerd(workerd(), [])),
  "workerd with nodejs_compat": async () => cellsOf(await inWorkerd(workerd(), ["nodejs_compat"])),
  Chromium: async () => cellsOf(await inChromium()),
};
