/** @param {number} x */
export const third = (x) => x / 3;
