// @ts-check
/** The program, and examples/browser, in pages of a browser. */
import { createServer } from "node:http";
import { startBrowser } from "../../scripts/browser.mjs";
import { at } from "../../scripts/lib.mjs";
import { bundleProgram } from "./bundle-program.mjs";
import { builtForTheWeb } from "./web-builds.mjs";

const PAGE = '<!doctype html><script type="module" src="/page.js"></script>';

const CONFORMANCE = at("test/runtimes/conformance");
/** What stands in for modules of Node's in the cases for lanes. */
const STAND_INS = new Map([
  ["node:assert/strict", "assert.mjs"],
  ["node:async_hooks", "not-here.mjs"],
  ["node:events", "not-here.mjs"],
]);
const standIn = (/** @type {string} */ module) => `${CONFORMANCE}/${STAND_INS.get(module) ?? "nothing.cjs"}`;

/** @returns {Promise<{ cells: Record<string, string>, ratio: number }>} */
export async function inChromium() {
  const { cells, ratio } = await served(at("test/runtimes/page.mjs"), "smoke", async (page) => {
    return { cells: await page.evaluate("smoke()"), ratio: await page.evaluate("ratioHere()") };
  });
  return {
    cells: { ...cells, "all that lanes have to do": await conformance(), ...(await examples()) },
    ratio,
  };
}

/** Puts the cases for lanes to web workers, and prints those that were skipped. */
async function conformance() {
  const run = served(`${CONFORMANCE}/page.mjs`, "conformance", (page) => page.evaluate("conformance()"), standIn);
  const { passed, skipped, failed } = await run;
  for (const [name, reason] of Object.entries(skipped)) console.log(`skipped, because ${reason}: ${name}`);
  return passed > 0 && Object.keys(failed).length === 0 ? "yes" : `FAILED: ${JSON.stringify(failed, null, 1)}`;
}

/**
 * Bundles a program and opens a page with it.
 *
 * @template T
 * @param {string} entry
 * @param {string} defines The name that the program gives to what the page offers.
 * @param {(page: any) => Promise<T>} use
 * @param {(module: string) => string} [standIn]
 * @returns {Promise<T>}
 */
async function served(entry, defines, use, standIn) {
  const files = await bundleProgram(entry, standIn);
  const server = createServer(({ url = "/" }, response) => {
    const script = files.get(url);
    response
      .writeHead(200, { "content-type": script === undefined ? "text/html" : "text/javascript" })
      .end(script ?? PAGE);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  try {
    return await withPage(`http://127.0.0.1:${port}/`, async (page) => {
      await page.waitForFunction(`globalThis.${defines} !== undefined`);
      return use(page);
    });
  } finally {
    server.close();
  }
}

/** The example, as its own server bundles it, and as bundlers for the web do. @returns {Promise<Record<string, string>>} */
async function examples() {
  const { start } = await import("../../examples/browser/serve.mjs");
  const { server, url } = await start();
  try {
    const built = await builtForTheWeb((url) => graded(url));
    const named = Object.entries(built).map(([name, cell]) => [`examples/browser, built by ${name}`, cell]);
    return { "examples/browser": await graded(url), ...Object.fromEntries(named) };
  } finally {
    server.close();
  }
}

/** Grades 10,000 texts on two workers. How smoothly the page went on meanwhile is printed: it depends on the machine too. */
async function graded(/** @type {string} */ url) {
  const { texts, counts, longestFrameMs, frames, ms } = await withPage(url, (page) => page.evaluate("outcome"));
  const [time, longest] = [ms, longestFrameMs].map((value) => `${Math.round(value)} ms`);
  console.log(`examples/browser: ${texts} texts in ${time}, ${frames} frames meanwhile, the longest of ${longest}`);
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return all === 10_000 && frames > 0 ? "yes" : `FAILED: ${JSON.stringify({ counts, frames })}`;
}

/**
 * Opens a page in a browser.
 *
 * @template T
 * @param {string} url
 * @param {(page: any) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withPage(url, use) {
  const browser = await startBrowser();
  try {
    const page = await browser.newPage();
    page.on("console", (/** @type {any} */ message) => {
      if (message.type() === "error") console.log(`in the page: ${message.text()}`);
    });
    page.on("pageerror", (/** @type {unknown} */ error) => console.log(`in the page: ${error}`));
    await page.goto(url);
    return await use(page);
  } finally {
    await browser.close();
  }
}
