/** The number of random numbers that are fetched at once: one call costs microseconds, however many it fetches. */
const POOL_SIZE = 2048;
/** The number of 16-bit random numbers in an id. 74 of those 80 bits are used, as the RFC has it. */
const NUMBERS = 5;

const DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
const DASH = 45;

const pool = new Uint16Array(POOL_SIZE);
let used = POOL_SIZE;
let lastTime = -1;
let prefix = "";

/**
 * An id for a run: a UUID of version 7 (RFC 9562), which starts with the time in milliseconds, so that ids sort by age. LangChain's
 * runs have the same kind.
 *
 * @param now The time in milliseconds since 1970.
 */
export function newRunId(now: number = Date.now()): string {
  if (used + NUMBERS > POOL_SIZE) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  if (now !== lastTime) {
    lastTime = now;
    const hex = now.toString(16).padStart(12, "0");
    prefix = `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
  }
  const a = pool[used++] as number;
  const b = pool[used++] as number;
  const c = pool[used++] as number;
  const d = pool[used++] as number;
  const e = pool[used++] as number;
  // One call for all characters: putting the text together of pieces costs twice as much.
  const random = String.fromCharCode(
    digit(a, 0),
    digit(a, 4),
    digit(a, 8),
    DASH,
    DIGITS[8 + (a >>> 14)] as number,
    digit(b, 0),
    digit(b, 4),
    digit(b, 8),
    DASH,
    digit(c, 0),
    digit(c, 4),
    digit(c, 8),
    digit(c, 12),
    digit(d, 0),
    digit(d, 4),
    digit(d, 8),
    digit(d, 12),
    digit(e, 0),
    digit(e, 4),
    digit(e, 8),
    digit(e, 12),
  );
  return prefix + random;
}

function digit(bits: number, shift: number): number {
  return DIGITS[(bits >>> shift) & 15] as number;
}
