/** CPU time instead of the clock's: what else runs on the machine changes it little. */
import { median } from "../measure.ts";

/** How many milliseconds of CPU time this process needs for `run`, garbage collection included. */
async function cpuMs(run: () => unknown): Promise<number> {
  globalThis.gc?.();
  const start = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Does its work once, on so many elements. */
export type Sized = () => unknown;

/** The factor between the sizes that are compared. */
export const TIMES = 10;

/**
 * What `TIMES` small ones cost and what one of the large size does, in CPU milliseconds: medians of rounds in which both run.
 *
 * @param make Prepares the work for so many elements.
 */
export async function grown(
  make: (size: number) => Sized,
  size: number,
  rounds: number,
): Promise<{ small: number; large: number }> {
  const small = make(size);
  const large = make(size * TIMES);
  const often = async (): Promise<void> => {
    for (let k = 0; k < TIMES; k++) await small();
  };
  await often();
  const samples: { small: number; large: number; ratio: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const [few, many] = [await cpuMs(often), await cpuMs(large)];
    samples.push({ small: few, large: many, ratio: many / few });
  }
  const ratio = median(samples.map((sample) => sample.ratio));
  const cost = median(samples.map((sample) => sample.small));
  return { small: cost, large: cost * ratio };
}
