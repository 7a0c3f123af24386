import type { GraphEdge, GraphNode, GraphView } from "../../state.ts";

/** Where a box stands. */
export interface Placed {
  readonly node: GraphNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An arrow, as the path of an SVG, and where its label stands. */
export interface Arrow {
  readonly edge: GraphEdge;
  readonly path: string;
  readonly at: readonly [x: number, y: number];
}

export interface Layout {
  readonly boxes: readonly Placed[];
  readonly arrows: readonly Arrow[];
  readonly width: number;
  readonly height: number;
}

/** How large boxes are, and how far from each other. */
const STEP = { width: 172, height: 66 };
const POINT = { width: 10, height: 10 };
const END = { width: 58, height: 26 };
const BETWEEN_RANKS = 36;
const BETWEEN_BOXES = 22;
const MARGIN = 6;
const PASSES = 12;

/** A box, or a place where an arrow passes other boxes. */
interface Item {
  readonly node: GraphNode | undefined;
  readonly rank: number;
  readonly width: number;
  readonly height: number;
  readonly before: Item[];
  readonly after: Item[];
  /** Along the ranks, and across them: the middle of the box. */
  along: number;
  across: number;
}

/**
 * Places the boxes of a graph in ranks, each behind all that lead to it, and those of a rank where their neighbours are: Sugiyama's
 * method, as short as graphs of chains allow.
 *
 * @param down Whether ranks go downwards, and not to the right.
 */
export function layout(graph: GraphView, down: boolean): Layout {
  const ranks = rankNodes(graph);
  const items = new Map<string, Item>();
  const rows: Item[][] = [];
  const add = (rank: number, node: GraphNode | undefined): Item => {
    const size = node === undefined ? { width: 0, height: 0 } : sizeOf(node, graph);
    const item: Item = { node, rank, ...size, before: [], after: [], along: 0, across: 0 };
    while (rows.length <= rank) rows.push([]);
    rows[rank]!.push(item);
    return item;
  };
  for (const node of graph.nodes) items.set(node.id, add(ranks.get(node.id)!, node));
  const routes = graph.edges.flatMap((edge) => {
    const [source, target] = [items.get(edge.source), items.get(edge.target)];
    if (source === undefined || target === undefined) return [];
    const isBack = source.rank >= target.rank;
    const route = [source];
    for (let rank = source.rank + 1; rank < target.rank; rank++) route.push(add(rank, undefined));
    route.push(target);
    if (!isBack) for (let at = 1; at < route.length; at++) link(route[at - 1]!, route[at]!);
    return [{ edge, route, isBack }];
  });
  const across = (item: Item) => (down ? item.width : item.height);
  place(rows, across);
  let along = MARGIN;
  for (const row of rows) {
    const deep = Math.max(...row.map((item) => (down ? item.height : item.width)));
    for (const item of row) item.along = along + deep / 2;
    along += deep + BETWEEN_RANKS;
  }
  const all = rows.flat();
  const least = Math.min(...all.map((item) => item.across - across(item) / 2));
  for (const item of all) item.across += MARGIN - least;
  const far = Math.max(...all.map((item) => item.across + across(item) / 2)) + MARGIN;
  const long = along - BETWEEN_RANKS + MARGIN;
  return {
    boxes: all.flatMap(({ node, along, across, width, height }) => {
      if (node === undefined) return [];
      const [x, y] = down ? [across, along] : [along, across];
      return [{ node, x: x - width / 2, y: y - height / 2, width, height }];
    }),
    arrows: routes.map(({ edge, route, isBack }) => arrow(edge, route, isBack, down)),
    width: Math.max(0, down ? far : long),
    height: Math.max(0, down ? long : far),
  };
}

function link(source: Item, target: Item): void {
  source.after.push(target);
  target.before.push(source);
}

function sizeOf(node: GraphNode, { edges }: GraphView): { width: number; height: number } {
  if (node.kind === "step") return STEP;
  return isEnd(node.id, edges) ? END : POINT;
}

/** Whether a box is the beginning or the end of all. */
export function isEnd(id: string, edges: readonly GraphEdge[]): "input" | "output" | undefined {
  if (!edges.some(({ target }) => target === id)) return "input";
  return edges.some(({ source }) => source === id) ? undefined : "output";
}

/** The rank of each box: the length of the longest way to it. Arrows that lead back do not count. */
function rankNodes({ nodes, edges }: GraphView): Map<string, number> {
  const after = new Map(
    nodes.map(({ id }) => [id, edges.filter(({ source }) => source === id).map(({ target }) => target)]),
  );
  const order: string[] = [];
  const state = new Map<string, "open" | "done">();
  const back = new Set<string>();
  const visit = (id: string): void => {
    state.set(id, "open");
    for (const next of after.get(id) ?? []) {
      if (state.get(next) === "open") back.add(`${id} ${next}`);
      else if (!state.has(next)) visit(next);
    }
    state.set(id, "done");
    order.unshift(id);
  };
  for (const { id } of nodes) if (!state.has(id)) visit(id);
  const ranks = new Map(nodes.map(({ id }) => [id, 0]));
  for (const id of order)
    for (const next of after.get(id) ?? [])
      if (!back.has(`${id} ${next}`)) ranks.set(next, Math.max(ranks.get(next)!, ranks.get(id)! + 1));
  return ranks;
}

/** Brings each box to the middle of its neighbours, rank by rank, there and back, and keeps them apart. */
function place(rows: readonly Item[][], size: (item: Item) => number): void {
  for (const row of rows) spread(row, size, (_, at) => at * 100);
  for (let pass = 0; pass < PASSES; pass++) {
    const isForward = pass % 2 === 0;
    for (const row of isForward ? rows : rows.toReversed()) {
      const wanted = new Map(row.map((item) => [item, meanOf(isForward ? item.before : item.after) ?? item.across]));
      row.sort((a, b) => wanted.get(a)! - wanted.get(b)!);
      spread(row, size, (item) => wanted.get(item)!);
    }
  }
}

/** Puts the boxes of a rank as near to where they want to be as their sizes allow, without changing their order. */
function spread(row: readonly Item[], size: (item: Item) => number, wanted: (item: Item, at: number) => number): void {
  let end = Number.NEGATIVE_INFINITY;
  let shift = 0;
  for (const [at, item] of row.entries()) {
    const want = wanted(item, at);
    item.across = Math.max(want, end + size(item) / 2);
    shift += want - item.across;
    end = item.across + size(item) / 2 + BETWEEN_BOXES;
  }
  // They were pushed one way only: the middle of all goes back to where it belongs.
  for (const item of row) item.across += shift / row.length;
}

function meanOf(items: readonly Item[]): number | undefined {
  return items.length === 0 ? undefined : items.reduce((sum, { across }) => sum + across, 0) / items.length;
}

function arrow(edge: GraphEdge, route: readonly Item[], isBack: boolean, down: boolean): Arrow {
  const point = (along: number, across: number) => (down ? ([across, along] as const) : ([along, across] as const));
  const half = (item: Item) => (down ? item.height : item.width) / 2;
  const text = ([x, y]: readonly [number, number]) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  const [first, last] = [route[0]!, route.at(-1)!];
  if (isBack) {
    // Around the boxes, at their side.
    const side = Math.max(first.across, last.across) + (down ? first.width : first.height) / 2 + BETWEEN_BOXES / 2;
    const path = `M${text(point(first.along, first.across))} C${text(point(first.along, side))} ${text(point(last.along, side))} ${text(point(last.along, last.across))}`;
    return { edge, path, at: point((first.along + last.along) / 2, side) };
  }
  let path = "";
  for (let at = 1; at < route.length; at++) {
    const [from, to] = [route[at - 1]!, route[at]!];
    const [start, end] = [from.along + half(from), to.along - half(to)];
    const middle = (start + end) / 2;
    if (path === "") path = `M${text(point(start, from.across))}`;
    else path += ` L${text(point(start, from.across))}`;
    path += ` C${text(point(middle, from.across))} ${text(point(middle, to.across))} ${text(point(end, to.across))}`;
  }
  const next = route[1]!;
  return {
    edge,
    path,
    at: point((first.along + half(first) + next.along - half(next)) / 2, (first.across + next.across) / 2),
  };
}
