/** Random bytes are bought in bulk: one call costs a microsecond, whatever it fetches. */
const POOL_BYTES = 4096;
/** Bytes of an id that are random: 12 bits after the version, 62 after the variant. */
const RANDOM_BYTES = 10;

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

let pool: Uint8Array | undefined;
let used = 0;
let lastTime = -1;
let prefix = "";

/**
 * An id for a run: a UUID of version 7 (RFC 9562), which starts with the time in milliseconds, so that ids sort by age. LangChain's
 * runs have the same kind.
 *
 * @param now The time in milliseconds since 1970.
 */
export function newRunId(now: number = Date.now()): string {
  if (pool === undefined || used + RANDOM_BYTES > POOL_BYTES) {
    pool ??= new Uint8Array(POOL_BYTES);
    crypto.getRandomValues(pool);
    used = 0;
  }
  if (now !== lastTime) {
    lastTime = now;
    const hex = now.toString(16).padStart(12, "0");
    prefix = `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
  }
  const bytes = pool;
  const at = used;
  used += RANDOM_BYTES;
  const byte = (offset: number): string => HEX[bytes[at + offset] as number] as string;
  const version = ((bytes[at] as number) & 0x0f).toString(16) + byte(1);
  const variant = (HEX[((bytes[at + 2] as number) & 0x3f) | 0x80] as string) + byte(3);
  return `${prefix}${version}-${variant}-${byte(4)}${byte(5)}${byte(6)}${byte(7)}${byte(8)}${byte(9)}`;
}
