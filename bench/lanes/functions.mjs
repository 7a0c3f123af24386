/** What the workers of every pool run. */

export const double = (x) => x * 2;

export const echo = (value) => value;

/** Arithmetic that neither allocates nor can be left out: the same work each time. */
export function spin(rounds) {
  let state = 1;
  for (let round = 0; round < rounds; round++) state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return state;
}
