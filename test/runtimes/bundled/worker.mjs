// @ts-check
/** What workerd runs. */
import { seen } from "./lanes.mjs";

export default { fetch: async () => Response.json(await seen()) };
