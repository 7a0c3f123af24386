import { appendFileSync } from "node:fs";

/** As little work as there can be. */
export const addOne = (n) => n + 1;

/** Five milliseconds of work. */
export function compute(n) {
  const end = performance.now() + 5;
  while (performance.now() < end);
  return n;
}

/** Says when it starts, and waits. */
export async function wait(file) {
  appendFileSync(file, `${Date.now()}\n`);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  return file;
}

/** For the command. */
export default (line) => line.length;
