/** A pipeline whose inputs wait so many milliseconds. */
export default async function wait(ms) {
  await new Promise((resolve) => setTimeout(resolve, Number(ms)));
  return 1;
}
