// @ts-check
/** The copy of the package that programs and bundlers of this folder use. */
import { cpSync, existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { at, readJson } from "../../scripts/lib.mjs";
import { copyPackage } from "../bundler/installed.mjs";

export const MODULES = at("test/runtimes/node_modules");
const AWAY = at("test/runtimes/.away");

/** Installs the package that has been built, with what it depends on. @param {string} modules */
export function install(modules) {
  copyPackage(modules);
  for (const name of Object.keys(readJson("package.json").dependencies))
    if (!existsSync(join(modules, name))) cpSync(at("node_modules", name), join(modules, name), { recursive: true });
}

/** Puts the package into this folder. */
export function installPackage() {
  rmSync(AWAY, { recursive: true, force: true });
  install(MODULES);
}

/** Does something while the package is not there: what was bundled must not find its way back to it. @template T @param {() => Promise<T>} work */
export async function withoutPackage(work) {
  renameSync(`${MODULES}/runlane`, AWAY);
  try {
    return await work();
  } finally {
    if (existsSync(AWAY)) renameSync(AWAY, `${MODULES}/runlane`);
  }
}
