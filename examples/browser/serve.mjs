// @ts-check
/**
 * Serves a page that grades the paragraphs of all documents of the installed packages, on two web workers:
 *
 *   node examples/browser/serve.mjs
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { esbuildPlugin } from "runlane/bundler";
import { globSync } from "tinyglobby";

const here = fileURLToPath(new URL(".", import.meta.url));
const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
const TEXTS = 10_000;

/** The paragraphs of documents, the first ones again where there are not enough. */
function texts() {
  const documents = globSync("*/{README,CHANGELOG}.md", { cwd: modules, absolute: true }).slice(0, 400);
  const paragraphs = documents.flatMap((path) => readFileSync(path, "utf8").split(/\n{2,}/));
  return Array.from({ length: TEXTS }, (_, index) => paragraphs[index % paragraphs.length]);
}

/** The page, its code with the file of the workers, and the texts, by path. */
async function files() {
  const { outputFiles = [] } = await build({
    entryPoints: [`${here}page.js`],
    bundle: true,
    format: "esm",
    outdir: here,
    write: false,
    plugins: [esbuildPlugin()],
  });
  const scripts = outputFiles.map(({ path, text }) => [`/${basename(path)}`, ["text/javascript", text]]);
  return new Map(
    /** @type {[string, string[]][]} */ ([
      ["/", ["text/html", readFileSync(`${here}index.html`, "utf8")]],
      ["/texts.json", ["application/json", JSON.stringify(texts())]],
      ...scripts,
    ]),
  );
}

/** Starts the server. Returns it, with its address. @param {number} port 0 for any that is free. */
export async function start(port = 0) {
  const served = await files();
  const server = createServer((request, response) => {
    const [type = "text/plain", text] = served.get(request.url ?? "/") ?? [];
    response.writeHead(text === undefined ? 404 : 200, { "content-type": type }).end(text);
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { server, url: `http://127.0.0.1:${address.port}/`, paths: [...served.keys()] };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await start(Number(process.env.PORT ?? 0));
  console.log(url);
}
