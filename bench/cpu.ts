/** Work for cores: arithmetic that neither allocates nor can be left out, so that the same input costs the same each time. */
import type { Runnable } from "runlane";
import { milliseconds } from "./measure.ts";

export const spin = (rounds: number) => {
  let state = 1;
  for (let round = 0; round < rounds; round++) state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return state;
};

/** One core, with nothing sent in between. */
export const spinAlone = ([rounds, times]: [number, number]) => {
  let state = 0;
  const spinOnce = (rounds: number) => {
    let state = 1;
    for (let round = 0; round < rounds; round++) state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state;
  };
  for (let time = 0; time < times; time++) state ^= spinOnce(rounds);
  return state;
};

/**
 * How many rounds of `spin` take a millisecond in a worker.
 *
 * @param alone {@link spinAlone}, on its lane.
 */
export async function roundsPerMs(alone: Runnable<[number, number], number>): Promise<number> {
  const trial = 2_000_000;
  let least = Number.POSITIVE_INFINITY;
  // The first one is compiled while it runs.
  for (let k = 0; k < 4; k++) least = Math.min(least, await milliseconds(() => alone.invoke([trial, 20])));
  return (20 * trial) / least;
}
