import { four } from "./four.mjs";

/** @param {number} x */
export const quarter = (x) => x / four;
