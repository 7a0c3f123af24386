import type { ChainView, HeldView } from "../../state.ts";

/** The step that holds the event loop: the one that the program names, or else the one whose function the stack leads through. */
export function heldBy({ step, place, stack }: HeldView, chains: readonly ChainView[]): string | undefined {
  if (step !== undefined) return step;
  const functions = chains.flatMap(({ graph }) =>
    graph.nodes.flatMap(({ name, place }) => {
      const at = lineIn(place ?? "");
      return at === undefined ? [] : [{ name, ...at }];
    }),
  );
  for (const text of [place ?? "", ...stack]) {
    const at = lineIn(text);
    const above = functions.filter(({ file, line }) => file === at?.file && line <= at.line);
    const nearest = above.sort((a, b) => b.line - a.line)[0];
    if (nearest !== undefined) return nearest.name;
  }
  return undefined;
}

/** The file and the line in a place or in a line of a stack. */
function lineIn(text: string): { readonly file: string; readonly line: number } | undefined {
  const [, file, line] = /([^\s():]+\.\w+):(\d+)/.exec(text.replace("file://", "")) ?? [];
  return file === undefined ? undefined : { file, line: Number(line) };
}
