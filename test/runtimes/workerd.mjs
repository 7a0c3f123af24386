// @ts-check
/** The program in Cloudflare's workerd. */
import { at } from "../../scripts/lib.mjs";
import { bundleProgram } from "./bundle-program.mjs";
import { ratioOf } from "./ratio.mjs";

/** @param {string[]} compatibilityFlags @returns {Promise<{ cells: Record<string, string>, ratio: number }>} */
export async function inWorkerd(compatibilityFlags) {
  const { Miniflare } = await import("miniflare");
  const script = (await bundleProgram(at("test/runtimes/worker.mjs"))).get("/worker.js");
  const workerd = new Miniflare({ modules: true, script, compatibilityDate: "2026-06-01", compatibilityFlags });
  try {
    const ask = async (/** @type {string} */ path) => {
      const response = await workerd.dispatchFetch(`http://worker${path}`);
      if (!response.ok) throw new Error(await response.text());
      return response.text();
    };
    const cells = JSON.parse(await ask("/smoke"));
    const ratio = await ratioOf(async (library, calls) => {
      const start = performance.now();
      await ask(`/?library=${library}&calls=${calls}`);
      return performance.now() - start;
    });
    return { cells, ratio };
  } finally {
    await workerd.dispose();
  }
}
