// @ts-check
/** What a browser runs: the harness calls these. */
import { smoke } from "./smoke.mjs";
import { ratioHere } from "./speed.mjs";

Object.assign(globalThis, { smoke, ratioHere });
