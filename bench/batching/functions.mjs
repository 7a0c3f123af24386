/**
 * Three steps of 0.2 ms: each is given how many rounds of arithmetic that takes, and hands it on. `| 0` tells the compiler that it is an
 * integer: where it inlines the three into one loop over numbers that have come in a message, it would compare as floats otherwise, and
 * the task written by hand would take half as long again.
 */

export function first(rounds) {
  let state = 1;
  for (let round = 0; round < (rounds | 0); round++) state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return state === 0 ? rounds + 1 : rounds;
}

export function second(rounds) {
  let state = 2;
  for (let round = 0; round < (rounds | 0); round++) state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return state === 0 ? rounds + 1 : rounds;
}

export function third(rounds) {
  let state = 3;
  for (let round = 0; round < (rounds | 0); round++) state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return state === 0 ? rounds + 1 : rounds;
}

/** What one would write by hand: all three, for a whole chunk. */
export default function chunk(inputs) {
  const outputs = new Array(inputs.length);
  for (let at = 0; at < inputs.length; at++) outputs[at] = third(second(first(inputs[at])));
  return outputs;
}
