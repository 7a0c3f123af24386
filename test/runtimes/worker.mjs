// @ts-check
/** What Cloudflare's workerd runs. Its clock stands still while a request computes, so that who asks has to measure. */
import { smoke } from "./smoke.mjs";
import { callChain } from "./speed.mjs";

export default {
  /** @param {Request} request */
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/smoke") return Response.json(await smoke());
    const library = /** @type {import("./ratio.mjs").Library} */ (searchParams.get("library"));
    await callChain(library, Number(searchParams.get("calls")));
    return new Response("done");
  },
};
