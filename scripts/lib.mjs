// @ts-check
/** What the scripts of this repository share. They run before anything is installed, so they use Node alone. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The path of something in the repository. */
export const at = (/** @type {string[]} */ ...parts) => join(root, ...parts);

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd] The folder to run in. The root of the repository unless set.
 * @property {NodeJS.ProcessEnv} [env] Variables on top of those of this process.
 * @property {"capture" | "inherit" | "stderr"} [output] `capture` returns what the command prints, `inherit` shows it,
 *   `stderr` shows all of it on standard error. `capture` unless set.
 * @property {number} [silenceMs] Ends a command whose output is captured when it has printed nothing for this long.
 *   {@link SILENCE_MS} unless set. There is no limit on how long it takes: that depends on the machine.
 * @typedef {{ code: number, output: string, ms: number, stuck?: string }} Finished `stuck` says so when a limit ended it, and
 *   is the first line of the output then.
 */

/** Who prints nothing for five minutes does not get on. */
export const SILENCE_MS = 300_000;

/**
 * Runs a command to its end. A signal that ends it counts as exit code 128 + its number, as in a shell.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<Finished>}
 */
export function run(command, args, { cwd = root, env, output = "capture", silenceMs = SILENCE_MS } = {}) {
  const start = performance.now();
  return new Promise((resolve) => {
    /** @type {Buffer[]} */
    const chunks = [];
    const captured = output === "capture";
    const child = spawn(command, args, {
      cwd,
      env: { ...(captured ? plainEnvironment() : process.env), ...env },
      stdio: output === "inherit" ? "inherit" : output === "stderr" ? ["ignore", 2, 2] : ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32" && command === "npm",
      // A group of its own, so that its children end with it.
      detached: captured && process.platform !== "win32",
    });
    const drop = () => child.stdout?.destroy() && child.stderr?.destroy();
    /** @type {string | undefined} */
    let stuck;
    const silence = captured
      ? setTimeout(() => {
          stuck = `stuck: it printed nothing for ${seconds(silenceMs)}, and was ended`;
          killAll(child, captured);
          drop();
        }, silenceMs)
      : undefined;
    const hear = (/** @type {Buffer} */ chunk) => {
      chunks.push(chunk);
      silence?.refresh();
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    /** @type {NodeJS.Timeout | undefined} */
    let lingering;
    // A pipe that a grandchild holds open would delay the end of a command that is gone.
    child.on("exit", () => {
      lingering = setTimeout(drop, 5_000);
    });
    // A command that shares the terminal gets its Ctrl-C, decides how to end, and this process follows.
    const interrupt = () => {
      if (captured) process.exit(130);
    };
    const terminate = () => {
      if (captured) process.exit(143);
      child.kill("SIGTERM");
    };
    const abandon = () => killAll(child, captured);
    process.on("SIGINT", interrupt);
    process.on("SIGTERM", terminate);
    process.on("exit", abandon);
    const finish = (/** @type {number} */ code, /** @type {string} */ note) => {
      clearTimeout(silence);
      clearTimeout(lingering);
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", terminate);
      process.off("exit", abandon);
      const ms = performance.now() - start;
      const printed = Buffer.concat(chunks).toString();
      if (stuck === undefined) resolve({ code, output: printed + note, ms });
      else resolve({ code, output: `${stuck}\n${printed}`, ms, stuck });
    };
    child.on("error", (error) => finish(1, `${command}: ${error.message}\n`));
    child.on("close", (code, signal) => {
      if (signal === null) finish(code ?? 1, "");
      else finish(signal === "SIGINT" ? 130 : 143, `\nended by ${signal}\n`);
    });
  });
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @param {boolean} group Whether it leads a process group.
 */
function killAll({ pid }, group) {
  if (pid === undefined) return;
  try {
    process.kill(group && process.platform !== "win32" ? -pid : pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

/** Runs Node on a script: `node("scripts/build.mjs")`. */
export const node = (/** @type {readonly string[]} */ args, /** @type {RunOptions} */ options = {}) =>
  run(process.execPath, args, options);

/**
 * The arguments for {@link node} that start a command of an installed package.
 * @param {string} name The package.
 * @param {string} [command] The command, where the package has several.
 */
export function command(name, command = name.split("/").at(-1)) {
  const { bin } = readJson(`node_modules/${name}/package.json`);
  return at("node_modules", name, typeof bin === "string" ? bin : bin[String(command)]);
}

/** @param {string} path Relative to the root. */
export const readJson = (path) => JSON.parse(readFileSync(at(path), "utf8"));

/** @param {number} ms */
export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/** The line that scripts end with. */
export const TALLY = /^(\d+) passed, (\d+) failed\s*$/m;

/** @param {number} passed @param {number} failed */
export const tally = (passed, failed) => `${passed} passed, ${failed} failed`;

/** What a script prints for each part that passes, so that one sees that it gets on. Shown by `npm test -- --verbose`. */
export const passed = (/** @type {string} */ what) => `ok  ${what}`;

/** The lines of {@link passed}. */
export const PASSED = /^ok {2}.*\n/gm;

/**
 * The counts in what a script printed, or one for the script itself.
 * @param {{ code: number, output: string }} finished
 */
export function readTally({ code, output }) {
  const printed = TALLY.exec(output);
  const [passed, failed] = printed ? [Number(printed[1]), Number(printed[2])] : [code === 0 ? 1 : 0, 0];
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed };
}

/**
 * Installs what package-lock.json names, unless it is there: npm leaves a copy of the lock file in node_modules.
 * Everything it prints goes to standard error.
 */
export async function install() {
  if (installed()) return;
  console.error("Installing the locked packages ...");
  // Not `npm ci`: npm 11 refuses a lock file that lacks optional packages for other platforms, which not every registry has.
  const { code, ms } = await run("npm", ["install", "--no-save", "--no-audit", "--no-fund"], { output: "stderr" });
  if (code !== 0) fail("npm install failed. Is the npm registry in reach?");
  console.error(`Installed in ${seconds(ms)}.`);
}

function installed() {
  if (!existsSync(at("node_modules/.package-lock.json"))) return false;
  const wanted = readJson("package-lock.json").packages;
  const present = readJson("node_modules/.package-lock.json").packages;
  // Optional packages that are absent were built for another platform.
  return (
    Object.keys(present).every((path) => path in wanted) &&
    Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
      const found = present[path];
      if (path === "" || (found === undefined && optional)) return true;
      return found?.version === version && found.integrity === integrity;
    })
  );
}

/**
 * Ends the process with one line on standard error.
 * @param {string} message
 * @returns {never}
 */
export function fail(message) {
  console.error(message);
  process.exit(1);
}

/**
 * Runs Vitest and counts its tests. A file that does not load and an error outside all tests count as failures too.
 * @param {readonly string[]} args For Vitest.
 * @param {RunOptions & { executable?: string, report?: string }} [options] Which Node to run on, and where to leave the
 *   JSON report.
 */
export async function vitest(args, { executable = process.execPath, report = ".cache/vitest.json", ...options } = {}) {
  rmSync(at(report), { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  // Children that are started as `node` run on the same one.
  const env = { PATH: `${dirname(executable)}${delimiter}${process.env.PATH}` };
  const finished = await run(executable, [command("vitest"), "run", ...reporters, ...args], { env, ...options });
  const counts = { passed: 0, failed: 0, skipped: 0 };
  if (existsSync(at(report))) {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = readJson(report);
    const broken = testResults.filter(hasFailedOutsideTests).length;
    Object.assign(counts, {
      passed: numPassedTests,
      failed: numFailedTests + broken,
      skipped: numPendingTests + numTodoTests,
    });
  }
  if (finished.code !== 0 && counts.failed === 0) counts.failed = 1;
  return { ...finished, ...counts };
}

/** @param {{ status: string, assertionResults: { status: string }[] }} file */
function hasFailedOutsideTests({ status, assertionResults }) {
  return status === "failed" && assertionResults.every((test) => test.status !== "failed");
}

/** The environment without colours: captured output is read by programs and logs. */
function plainEnvironment() {
  const { FORCE_COLOR: _, ...environment } = process.env;
  return { ...environment, NO_COLOR: "1" };
}

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) fail(`Runlane needs Node 20.19 or newer. This is ${process.version}.`);
