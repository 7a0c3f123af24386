/** Numbers in the same order, of which only the direction counts. */
export type Vector = ArrayLike<number>;

/** How near two vectors are, by their angle: 1 for the same direction, 0 for a right angle. */
export function similarity(a: Vector, b: Vector): number {
  let dot = 0;
  let squaresOfA = 0;
  let squaresOfB = 0;
  for (let at = 0; at < a.length; at++) {
    const x = a[at] as number;
    const y = b[at] as number;
    dot += x * y;
    squaresOfA += x * x;
    squaresOfB += y * y;
  }
  return dot / (Math.sqrt(squaresOfA * squaresOfB) || 1);
}

/** The vector in the middle of several. */
export function middle(vectors: readonly Vector[]): Float32Array {
  const sum = new Float32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) for (let at = 0; at < sum.length; at++) sum[at]! += vector[at] as number;
  return sum;
}

/** A vector in one byte for each number, as text. Its length is lost, and of its direction next to nothing. */
export function pack(vector: Vector): string {
  const numbers = Array.from(vector);
  const scale = 127 / Math.max(1e-9, ...numbers.map(Math.abs));
  return Buffer.from(Int8Array.from(numbers, (x) => Math.round(x * scale)).buffer).toString("base64");
}

/** What {@link pack} has packed. */
export function unpack(text: string): Int8Array {
  return new Int8Array(Buffer.from(text, "base64"));
}
