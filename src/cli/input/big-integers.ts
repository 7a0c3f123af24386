import type { BigIntegers } from "../options.ts";

/** Whether a text may have such an integer: those from 2^53 on have 16 digits or more. */
export function mayHaveBigIntegers(text: string): boolean {
  return /\d{16}/.test(text);
}

/** Strings, which may hold anything, and numbers. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * Parses JSON whose text {@link mayHaveBigIntegers}.
 *
 * @throws SyntaxError; RangeError, when an integer would lose digits and is to fail.
 */
export function parseWithBigIntegers(text: string, how: BigIntegers): unknown {
  if (how === "round") return JSON.parse(text);
  // A text that is no JSON should fail as that.
  const parsed: unknown = JSON.parse(text);
  let lost: string | undefined;
  const quoted = text.replace(TOKENS, (token) => {
    if (token.length < 16 || !losesDigits(token)) return token;
    lost ??= token;
    return `"${token}"`;
  });
  if (lost === undefined) return parsed;
  if (how === "string") return JSON.parse(quoted);
  throw new RangeError(
    `the integer ${lost} would become ${Number(lost)}; read such integers as text with --big-integers string, or let them be rounded with --big-integers round`,
  );
}

/** Whether an integer would lose digits. One that JavaScript itself would write loses none: it has been a double before. */
function losesDigits(token: string): boolean {
  return /^-?\d+$/.test(token) && String(Number(token)) !== token && BigInt(token) !== BigInt(Number(token));
}
