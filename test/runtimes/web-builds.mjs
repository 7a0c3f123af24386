// @ts-check
/** The page of examples/browser, built by bundlers for the web, in a project that has nothing but the package. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { start } from "../../examples/browser/serve.mjs";
import { at } from "../../scripts/lib.mjs";
import { emptyProject } from "../bundler/installed.mjs";
import { MODULES } from "./package-copy.mjs";

/** @param {string} name */
const packageOf = (name) => import(join(MODULES, name));

/** By the name of the bundler. @type {Record<string, (root: string, out: string) => Promise<unknown>>} */
const BUILDS = {
  Vite: async (root, outDir) => {
    const { build } = await packageOf("vite/dist/node/index.js");
    await build({ root, configFile: false, logLevel: "error", build: { outDir } });
  },
  webpack: async (context, path) => {
    const { default: webpack } = await packageOf("webpack/lib/index.js");
    const output = { path, filename: "page.js", publicPath: "/" };
    const compiler = webpack({ mode: "production", context, entry: "./page.js", output });
    /** @type {any} */
    const stats = await new Promise((resolve, reject) =>
      compiler.run((/** @type {unknown} */ error, /** @type {unknown} */ stats) =>
        error ? reject(error) : resolve(stats),
      ),
    );
    if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
    copyFileSync(join(context, "index.html"), join(path, "index.html"));
  },
};

const TYPES = new Map([
  [".html", "text/html"],
  [".js", "text/javascript"],
  [".mjs", "text/javascript"],
  [".json", "application/json"],
]);

/**
 * Builds the page by each bundler, and does something with its address.
 *
 * @param {(url: string) => Promise<string>} use
 * @returns {Promise<Record<string, string>>} What it gave, by the bundler.
 */
export async function builtForTheWeb(use) {
  /** @type {Record<string, string>} */
  const seen = {};
  for (const [name, build] of Object.entries(BUILDS)) {
    const project = emptyProject();
    try {
      for (const file of ["index.html", "page.js", "grade.js"])
        copyFileSync(at("examples/browser", file), join(project.folder, file));
      const out = join(project.folder, "out");
      mkdirSync(out);
      await build(project.folder, out);
      writeFileSync(join(out, "texts.json"), await texts());
      seen[name] = await served(out, use);
    } finally {
      project.remove();
    }
  }
  return seen;
}

/** The texts that the example grades. */
async function texts() {
  const { server, url } = await start();
  try {
    return await (await fetch(`${url}texts.json`)).text();
  } finally {
    server.close();
  }
}

/** @template T @param {string} folder @param {(url: string) => Promise<T>} use @returns {Promise<T>} */
async function served(folder, use) {
  const server = createServer(({ url = "/" }, response) => {
    const path = join(folder, url === "/" ? "index.html" : new URL(url, "http://localhost").pathname);
    if (!existsSync(path) || !statSync(path).isFile()) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": TYPES.get(extname(path)) ?? "" }).end(readFileSync(path));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  try {
    return await use(`http://127.0.0.1:${port}/`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
