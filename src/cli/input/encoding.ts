import { CliError } from "../cli-error.ts";

/** The number of bytes that show the encoding of a source. */
const HEAD_BYTES = 4096;

const MARKS: readonly [mark: readonly number[], encoding: string][] = [
  [[0xff, 0xfe, 0x00, 0x00], "UTF-32"],
  [[0x00, 0x00, 0xfe, 0xff], "UTF-32"],
  [[0xff, 0xfe], "UTF-16"],
  [[0xfe, 0xff], "UTF-16"],
];

const PACKED: readonly [magic: readonly number[], what: string, remedy: string][] = [
  [[0x42, 0x5a, 0x68], "compressed by bzip2", "bzip2 -dc"],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "compressed by xz", "xz -dc"],
  [[0x50, 0x4b, 0x03, 0x04], "a zip archive", "unzip -p"],
];

/**
 * Refuses a source whose beginning is no UTF-8 text.
 *
 * @throws CliError RUNLANE_CLI_INPUT, which says what it is and how to convert it.
 */
export function checkEncoding(head: Buffer, name: string): void {
  for (const [magic, what, remedy] of PACKED)
    if (startsWith(head, magic))
      throw refused(`${name} is ${what}; unpack it: ${remedy} ${shellName(name)} | runlane ... --input -`);
  const encoding = MARKS.find(([mark]) => startsWith(head, mark))?.[1] ?? encodingByZeros(head.subarray(0, HEAD_BYTES));
  if (encoding !== undefined)
    throw refused(`${name} is ${encoding}, and only UTF-8 is read; convert it with iconv -f ${encoding} -t UTF-8`);
  const zero = head.indexOf(0);
  if (zero !== -1) throw refused(`${name} is no text: byte ${zero + 1} is NUL; inputs are lines of UTF-8 text`);
}

/** Text of the first 256 characters has a zero in every second byte of UTF-16, and in three of four of UTF-32. */
function encodingByZeros(head: Buffer): string | undefined {
  if (head.length < 2 || !head.includes(0)) return undefined;
  const share = [0, 0, 0, 0];
  const groups = Math.floor(head.length / 4);
  for (let at = 0; at < groups * 4; at++) if (head[at] === 0) share[at % 4]!++;
  if (groups === 0)
    return head.length === 2 && (head[0] === 0) !== (head[1] === 0)
      ? `UTF-16${head[0] === 0 ? "BE" : "LE"}`
      : undefined;
  const mostly = share.map((zeros) => zeros >= groups * 0.6);
  const seldom = share.map((zeros) => zeros <= groups * 0.1);
  if (seldom[0] && mostly[1] && mostly[2] && mostly[3]) return "UTF-32LE";
  if (mostly[0] && mostly[1] && mostly[2] && seldom[3]) return "UTF-32BE";
  if (seldom[0] && mostly[1] && seldom[2] && mostly[3]) return "UTF-16LE";
  if (mostly[0] && seldom[1] && mostly[2] && seldom[3]) return "UTF-16BE";
  return undefined;
}

/**
 * Refuses a source whose lines end with carriage returns alone, as those of Macs once did: it would be one line.
 *
 * @throws CliError RUNLANE_CLI_INPUT
 */
export function checkLineEnds(onlyLine: string, name: string): void {
  if (hasInnerReturns(onlyLine))
    throw refused(
      `the lines of ${name} end with carriage returns alone; convert it with tr '\\r' '\\n' < ${shellName(name)}`,
    );
}

/** Whether a line has carriage returns before its end. */
export function hasInnerReturns(line: string): boolean {
  return /\r(?!\n?$)/.test(line);
}

function startsWith(head: Buffer, magic: readonly number[]): boolean {
  return head.length >= magic.length && magic.every((byte, at) => head[at] === byte);
}

function shellName(name: string): string {
  return name === "stdin" ? "-" : /^[\w@%+=:,./-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}

function refused(message: string): CliError {
  return new CliError("RUNLANE_CLI_INPUT", message);
}
