// Taken now: user code may put something else in their place. Where there is no process, what is printed is not this side's affair.
const { process } = globalThis;
const streams = process?.stdout === undefined ? [] : [process.stdout, process.stderr];

/** Whether printed text has not reached the parent yet. */
export function hasUnprinted(): boolean {
  return streams.some(({ writableLength }) => writableLength > 0);
}

/** Calls back when all text printed so far has reached the parent. */
export function whenPrinted(callback: () => void): void {
  let waiting = streams.length;
  const printed = () => {
    if (--waiting === 0) callback();
  };
  for (const stream of streams) {
    if (stream.writableLength === 0 || stream.destroyed) printed();
    else stream.write("", printed);
  }
}
