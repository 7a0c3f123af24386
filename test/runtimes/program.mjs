// @ts-check
/** What Node, Bun and Deno run: prints the cells, and with `--speed` how many times longer LangChain takes. */
import { smoke } from "./smoke.mjs";
import { ratioHere } from "./speed.mjs";

const cells = await smoke();
console.log(JSON.stringify({ cells, ...(process.argv.includes("--speed") && { ratio: await ratioHere() }) }));
