import { appendFileSync } from "node:fs";

/** As little work as there can be. */
export const addOne = (n) => n + 1;

/** About five milliseconds of work: the same work, whoever shares the cores. */
export function compute(n) {
  let state = n;
  for (let round = 0; round < 4_000_000; round++) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  return state;
}

/** Says when it starts, and waits. */
export async function wait(file) {
  appendFileSync(file, `${Date.now()}\n`);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  return file;
}

/** For the command. */
export default (line) => line.length;
