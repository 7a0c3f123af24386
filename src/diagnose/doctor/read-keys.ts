/**
 * The keys of its inputs that a runnable reads: it is run on inputs that keep a list.
 *
 * @returns undefined when it reads all of them (by a spread, `Object.keys`, `JSON.stringify`), or fails on such an input.
 */
export async function readKeys(
  run: (input: unknown) => Promise<unknown>,
  inputs: readonly unknown[],
): Promise<ReadonlySet<PropertyKey> | undefined> {
  const read = new Set<PropertyKey>();
  let looksAtAll = 0;
  for (const input of inputs) {
    if (typeof input !== "object" || input === null) return undefined;
    const recording = new Proxy(input, {
      get(target, key, receiver) {
        read.add(key);
        return Reflect.get(target, key, receiver);
      },
      has(target, key) {
        read.add(key);
        return Reflect.has(target, key);
      },
      ownKeys(target) {
        looksAtAll++;
        return Reflect.ownKeys(target);
      },
    });
    try {
      await run(recording);
    } catch {
      return undefined;
    }
  }
  return looksAtAll > 0 ? undefined : read;
}
