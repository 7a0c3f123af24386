// @ts-check
/** A program and all that it imports, for runtimes that load no packages. */
import { basename } from "node:path";
import { build } from "esbuild";

/**
 * The files by their paths: that of the program, and those that its workers start with.
 *
 * @param {string} entry
 * @param {(module: string) => string} [standIn] The file that stands in for a module of Node's.
 */
export async function bundleProgram(entry, standIn) {
  const { esbuildPlugin } = await import(new URL("../../dist/bundler/index.js", import.meta.url).href);
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    outdir: "out",
    external: ["node:*"],
    logLevel: "error",
    plugins: [esbuildPlugin(), ...(standIn === undefined ? [] : [standInPlugin(standIn)])],
  });
  return new Map(outputFiles.map(({ path, text }) => [`/${basename(path)}`, text]));
}

/** @param {(module: string) => string} standIn @returns {import("esbuild").Plugin} */
const standInPlugin = (standIn) => ({
  name: "stand-ins",
  setup({ onResolve }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path: standIn(path) }));
  },
});
