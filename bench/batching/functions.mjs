/** Three steps of 0.2 ms: each is given how many rounds of arithmetic that takes, and hands it on. */

export function first(rounds) {
  let state = 1;
  for (let round = 0; round < rounds; round++) state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return state === 0 ? rounds + 1 : rounds;
}

export function second(rounds) {
  let state = 2;
  for (let round = 0; round < rounds; round++) state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return state === 0 ? rounds + 1 : rounds;
}

export function third(rounds) {
  let state = 3;
  for (let round = 0; round < rounds; round++) state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return state === 0 ? rounds + 1 : rounds;
}

/** What one would write by hand: all three, for a whole chunk. */
export default function chunk(inputs) {
  const outputs = new Array(inputs.length);
  for (let at = 0; at < inputs.length; at++) outputs[at] = third(second(first(inputs[at])));
  return outputs;
}
