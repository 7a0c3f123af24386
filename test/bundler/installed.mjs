// @ts-check
/** Runlane as a user has it: the built package, copied, so that nothing finds its way to the sources. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Puts the package into `node_modules`. @param {string} modules */
export function copyPackage(modules) {
  const folder = join(modules, "runlane");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  cpSync(join(root, "dist"), join(folder, "dist"), {
    recursive: true,
    filter: (path) => !/\.(?:d\.ts|map)$/.test(path),
  });
}

/**
 * A project in which nothing is installed but the package and what it depends on.
 *
 * @param {Readonly<Record<string, string>>} files
 */
export function emptyProject(files = {}) {
  const folder = mkdtempSync(join(tmpdir(), "runlane-project-"));
  const modules = join(folder, "node_modules");
  copyPackage(modules);
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies))
    symlinkSync(join(root, "node_modules", name), join(modules, name), "junction");
  for (const [name, text] of Object.entries({ "package.json": '{ "type": "module" }', ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
