/** Every second input fails. */
export default (input) => {
  if (input.n % 2 === 1) throw new RangeError(`${input.n} is odd`);
  return input.n;
};
