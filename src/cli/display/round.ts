/** Microseconds are as precise as the clock is worth. */
export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
