/** Functions that scenarios share. */
export const add = (x: number): number => x + 1;
export const later = async (x: number): Promise<number> => x * 2;
export const same = <T>(x: T): T => x;
export const upper = (text: string): string => text.toUpperCase();

export function boom(): never {
  throw new Error("boom");
}

export async function boomLater(): Promise<never> {
  throw new RangeError("boom later");
}

export function* letters(text: string): Generator<string> {
  yield* text;
}

export async function* words(text: string): AsyncGenerator<string> {
  yield* text.split(" ");
}

/** Gives two chunks, and then fails. */
export async function* halfway(): AsyncGenerator<string> {
  yield "a";
  yield "b";
  throw new Error("halfway");
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const sleepy = (ms: number) => (): Promise<number> => sleep(ms).then(() => ms);

/** A function that fails with these errors, one a call, before it gives its input. */
export function failing(...errors: unknown[]): <T>(input: T) => T {
  let calls = 0;
  return (input) => {
    const index = calls++;
    if (index < errors.length) throw errors[index];
    return input;
  };
}
