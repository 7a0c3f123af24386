/** A line of a stack, taken apart. */
export interface Frame {
  /** The line as it stands in the stack, without "at". */
  readonly text: string;
  readonly file: string;
  readonly line: number;
}

/** The addresses of Node's own code, and of code that stands in no file. */
const FOREIGN = /^(?:node:|native|<anonymous>|evalmachine)/;

/**
 * The frames of a stack that are somebody's code: neither Node's nor Runlane's.
 *
 * @param own The folders of Runlane, as paths or URLs, each with a slash at its end.
 */
export function framesOf(stack: string, own: readonly string[]): Frame[] {
  const frames: Frame[] = [];
  for (const line of stack.split("\n")) {
    const found = /^\s*at (.*)$/.exec(line)?.[1];
    const place = found && /(?:^.*? \(|^)(.+?):(\d+):\d+\)?$/.exec(found);
    // Callers that wait for what runs do not run.
    if (!found || !place || found.startsWith("async ")) continue;
    const file = place[1] as string;
    if (FOREIGN.test(file) || own.some((folder) => file.startsWith(folder))) continue;
    frames.push({ text: found, file, line: Number(place[2]) });
  }
  return frames;
}

/** The first frame that is not in a package, or else the first one. */
export function userFrame(frames: readonly Frame[]): Frame | undefined {
  return frames.find(({ file }) => !/[\\/]node_modules[\\/]/.test(file)) ?? frames[0];
}

/** The place of a frame: `file:line`. */
export function placeText({ file, line }: Frame): string {
  return `${file.replace(/^file:\/\//, "")}:${line}`;
}
