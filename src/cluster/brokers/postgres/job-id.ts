import { createHash } from "node:crypto";

/** The id of the job of a chunk: always the same, so that a chunk that is submitted again is known. It has the form of a UUID. */
export function jobId(run: string, chunk: string): string {
  const bytes = createHash("sha1").update(`${run}/${chunk}`).digest();
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}
