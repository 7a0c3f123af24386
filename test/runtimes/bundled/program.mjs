// @ts-check
/** What Node and Bun run. */
import { seen } from "./lanes.mjs";

seen().then((cells) => console.log(JSON.stringify({ cells })));
