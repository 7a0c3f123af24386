// @ts-check
/** The copy of the package that programs and bundlers of this folder use. */
import { existsSync, renameSync, rmSync } from "node:fs";
import { at } from "../../scripts/lib.mjs";
import { copyPackage } from "../bundler/installed.mjs";

const MODULES = at("test/runtimes/node_modules");
const AWAY = at("test/runtimes/.away");

/** Puts the package that has been built into this folder. */
export function installPackage() {
  rmSync(AWAY, { recursive: true, force: true });
  copyPackage(MODULES);
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
