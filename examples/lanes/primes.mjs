// @ts-check
/**
 * A module for workers: what stands at its top happens once in each. Here a table of small primes, which stands for whatever takes
 * long to make: a model, a dictionary, a compiled grammar.
 */
export const TABLE_SIZE = 200_000;

/** @returns {number[]} The primes below a limit. */
export function makeTable(limit = TABLE_SIZE) {
  const composite = new Uint8Array(limit);
  const primes = [];
  for (let n = 2; n < limit; n++) {
    if (composite[n]) continue;
    primes.push(n);
    for (let multiple = n * n; multiple < limit; multiple += n) composite[multiple] = 1;
  }
  return primes;
}

const table = makeTable();

/** Counts the prime factors of the numbers from `start` on: some milliseconds of CPU. */
export function countFactors(/** @type {number} */ start) {
  let factors = 0;
  for (let number = start; number < start + 200; number++) {
    let rest = number;
    for (const prime of table) {
      if (prime * prime > rest) break;
      while (rest % prime === 0) {
        rest /= prime;
        factors++;
      }
    }
    if (rest > 1) factors++;
  }
  return factors;
}
