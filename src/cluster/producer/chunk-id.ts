/** The inputs of a chunk: `count` of them, from the index `from` on. */
export interface ChunkRange {
  readonly from: number;
  readonly count: number;
}

const DIGITS = 12;

/**
 * The id of a chunk says which inputs it has, so that an outcome tells where it belongs, whoever has submitted the chunk. In text order, as
 * in that of the inputs.
 */
export function chunkId({ from, count }: ChunkRange): string {
  return `${String(from).padStart(DIGITS, "0")}-${count}`;
}

const AGAIN = "-again";

/** The id under which a chunk is sent a second time. */
export function idAgain(id: string): string {
  return `${id}${AGAIN}`;
}

/** The id under which a chunk was sent first. */
export function firstId(id: string): string {
  return id.endsWith(AGAIN) ? id.slice(0, -AGAIN.length) : id;
}

/** The inputs that the id of a chunk names. @returns Undefined for a text that is no id of a chunk. */
export function rangeOf(id: string): ChunkRange | undefined {
  const [, from, count] = /^(\d{12})-(\d+)(?:-again)?$/.exec(id) ?? [];
  return from === undefined ? undefined : { from: Number(from), count: Number(count) };
}
