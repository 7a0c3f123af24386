/** Lines around a change that are shown with it. */
const CONTEXT = 2;

type Line = readonly [mark: " " | "-" | "+", text: string];

/** How two texts differ, line by line, in the unified form that `patch` and people read. */
export function diffOf(path: string, before: string, after: string): string {
  const lines = diffLines(before.split("\n"), after.split("\n"));
  const shown = new Set<number>();
  for (const [at, [mark]] of lines.entries())
    if (mark !== " ") for (let near = at - CONTEXT; near <= at + CONTEXT; near++) shown.add(near);
  const text = [`--- ${path}`, `+++ ${path}`];
  let [old, now, counts] = [1, 1, { old: 0, now: 0 }];
  let head = -1;
  for (const [at, [mark, line]] of lines.entries()) {
    if (shown.has(at)) {
      if (!shown.has(at - 1)) {
        counts = { old: 0, now: 0 };
        head = text.push("") - 1;
      }
      if (mark !== "+") counts.old++;
      if (mark !== "-") counts.now++;
      text.push(mark + line);
      const starts = [old - counts.old + (mark !== "+" ? 1 : 0), now - counts.now + (mark !== "-" ? 1 : 0)];
      text[head] = `@@ -${starts[0]},${counts.old} +${starts[1]},${counts.now} @@`;
    }
    if (mark !== "+") old++;
    if (mark !== "-") now++;
  }
  return text.join("\n");
}

/** The shortest change, by the longest common subsequence of what lies between the first and the last line that differ. */
function diffLines(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end++;
  const kept = (lines: readonly string[]): Line[] => lines.map((line) => [" ", line]);
  const middle = betweenOf(before.slice(start, before.length - end), after.slice(start, after.length - end));
  return [...kept(before.slice(0, start)), ...middle, ...kept(before.slice(before.length - end))];
}

function betweenOf(before: readonly string[], after: readonly string[]): Line[] {
  const common = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let a = before.length - 1; a >= 0; a--)
    for (let b = after.length - 1; b >= 0; b--)
      common[a]![b] =
        before[a] === after[b] ? common[a + 1]![b + 1]! + 1 : Math.max(common[a + 1]![b]!, common[a]![b + 1]!);
  const lines: Line[] = [];
  let [a, b] = [0, 0];
  while (a < before.length || b < after.length) {
    if (a < before.length && b < after.length && before[a] === after[b]) {
      lines.push([" ", before[a]!]);
      a++;
      b++;
    } else if (a < before.length && (b === after.length || common[a + 1]![b]! >= common[a]![b + 1]!))
      lines.push(["-", before[a++]!]);
    else lines.push(["+", after[b++]!]);
  }
  return lines;
}
