import { two } from "./two.mjs";

/** @param {number} x */
export const half = (x) => x / two;
